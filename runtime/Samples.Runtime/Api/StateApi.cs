using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>State, with its transactional outbox.</summary>
internal sealed class StateApi(StateBlock block, Outbox outbox) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => StateHttp.Map(routes, block);

    public void BindGrpc(GrpcMethods methods) => StateGrpc.Bind(methods, block);

    public ValueTask DisposeAsync() => outbox.DisposeAsync();
}
