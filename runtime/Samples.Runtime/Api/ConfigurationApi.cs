using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>Configuration: read, and told about when it changes, by POST to the application or on a gRPC stream.</summary>
internal sealed class ConfigurationApi(ConfigurationBlock block) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => ConfigurationHttp.Map(routes, block);

    public void BindGrpc(GrpcMethods methods) => ConfigurationGrpc.Bind(methods, block);

    // A restarted application subscribes anew; the streams of a sidecar that stops end with it.
    public async Task AppLostAsync(CancellationToken cancel) => await block.EndAllAsync();

    public async ValueTask DisposeAsync() => await block.EndAllAsync();
}
