using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> State(SidecarContext context) => [new StateFeature(new StateBlock(context))];

    private sealed class StateFeature(StateBlock block) : ISidecarFeature
    {
        public void MapHttp(IEndpointRouteBuilder routes) => StateHttp.Map(routes, block);

        public void BindGrpc(GrpcMethods methods) => StateGrpc.Bind(methods, block);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
