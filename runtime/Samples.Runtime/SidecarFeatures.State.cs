using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> State(SidecarContext context)
    {
        var outbox = new Outbox(context, new PubSubBlock(context));
        return [new StateFeature(new StateBlock(context, outbox), outbox)];
    }

    private sealed class StateFeature(StateBlock block, Outbox outbox) : ISidecarFeature
    {
        public void MapHttp(IEndpointRouteBuilder routes) => StateHttp.Map(routes, block);

        public void BindGrpc(GrpcMethods methods) => StateGrpc.Bind(methods, block);

        public ValueTask DisposeAsync() => outbox.DisposeAsync();
    }
}
