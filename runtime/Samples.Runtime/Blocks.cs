using Microsoft.Extensions.Logging;
using Samples.Runtime.Api;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.Errors;

namespace Samples.Runtime;

/// <summary>
/// How a sidecar is put together: each building block is made here, from the others that it needs, and gets its API. What is not in this
/// list, a sidecar does not have.
/// </summary>
internal static class Blocks
{
    public static IReadOnlyList<IBlockApi> Create(SidecarContext context, InvocationApi invocation)
    {
        var log = context.Loggers.CreateLogger("sidecar." + context.AppId);
        var pubSub = new PubSubBlock(context);
        var outbox = new Outbox(context, pubSub);
        var state = new StateBlock(context, outbox);
        var bindings = new BindingBlock(context);
        var actors = new ActorHosting(context);

        return
        [
            invocation,
            new StateApi(state, outbox),
            new PubSubApi(context.AppId, pubSub, new Subscriptions(context, pubSub, EventReceiver())),
            new BindingApi(bindings, new InputBindings(context, bindings, state, BindingReceiver())),
            new ActorApi(actors, new ActorBlock(context, actors), new ActorStates(context, actors)),
            new JobApi(new JobBlock(context)),
            new SecretApi(new SecretBlock(context)),
            new LockApi(new LockBlock(context)),
            new ConfigurationApi(new ConfigurationBlock(context)),
            new AbsentApi(context),
        ];

        // The way back to the application has the protocol that it speaks.
        IEventReceiver EventReceiver() =>
            context.App.Grpc is { } grpc ? new GrpcEventReceiver(grpc, log) : new HttpEventReceiver(context.App, log);

        IBindingReceiver BindingReceiver() =>
            context.App.Grpc is { } grpc ? new GrpcBindingReceiver(grpc, log) : new HttpBindingReceiver(context.App, log);
    }
}
