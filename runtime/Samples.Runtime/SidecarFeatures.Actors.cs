using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;

namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> Actors(SidecarContext context) => [new ActorFeature(context)];

    private static IEnumerable<ISidecarFeature> Jobs(SidecarContext context) => [new JobFeature(context)];

    private sealed class ActorFeature(SidecarContext context) : ISidecarFeature
    {
        private readonly ActorHosting _hosting = new(context);

        public void MapHttp(IEndpointRouteBuilder routes) =>
            ActorHttp.Map(routes, new ActorBlock(context, _hosting), new ActorStates(context, _hosting));

        public void BindGrpc(GrpcMethods methods) => ActorGrpc.Bind(methods, new ActorBlock(context, _hosting), new ActorStates(context, _hosting));

        public Task AppReadyAsync(CancellationToken cancel) => _hosting.StartAsync(cancel);

        public Task AppLostAsync(CancellationToken cancel) => _hosting.StopAsync();

        public void Describe(IDictionary<string, object?> metadata)
        {
            if (_hosting.Host is not { } host)
                return;
            var counts = context.Actors.Count(host);
            // A count of none is left out, as daprd does.
            var active = host.Types.Keys.Select(type => counts.TryGetValue(type, out var count) ? (object)new { type, count } : new { type }).ToList();
            metadata["actors"] = active;
            metadata["actorRuntime"] = new { runtimeStatus = "RUNNING", activeActors = active, hostReady = host.IsUsable, placement = "placement: connected" };
        }

        public ValueTask DisposeAsync() => _hosting.DisposeAsync();
    }

    private sealed class JobFeature(SidecarContext context) : ISidecarFeature
    {
        private readonly JobBlock _block = new(context);

        public void MapHttp(IEndpointRouteBuilder routes) => JobHttp.Map(routes, _block);

        public void BindGrpc(GrpcMethods methods) => JobGrpc.Bind(methods, _block);

        // What could not be delivered while the application was away is due now.
        public Task AppReadyAsync(CancellationToken cancel)
        {
            context.Jobs.Wake();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
