using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>Jobs.</summary>
internal sealed class JobApi(JobBlock block) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => JobHttp.Map(routes, block);

    public void BindGrpc(GrpcMethods methods) => JobGrpc.Bind(methods, block);

    public Task AppReadyAsync(CancellationToken cancel)
    {
        block.DeliverMissed();
        return Task.CompletedTask;
    }
}
