using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>The distributed lock.</summary>
internal sealed class LockApi(LockBlock block) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => LockHttp.Map(routes, block);

    public void BindGrpc(GrpcMethods methods) => LockGrpc.Bind(methods, block);
}
