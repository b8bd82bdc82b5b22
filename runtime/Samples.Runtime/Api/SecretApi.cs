using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>Secrets, read only.</summary>
internal sealed class SecretApi(SecretBlock block) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => SecretHttp.Map(routes, block);

    public void BindGrpc(GrpcMethods methods) => SecretGrpc.Bind(methods, block);
}
