using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>Output bindings, which the application calls, and input bindings, which call it.</summary>
internal sealed class BindingApi(BindingBlock outputs, InputBindings inputs) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => BindingHttp.Map(routes, outputs);

    public void BindGrpc(GrpcMethods methods) => BindingGrpc.Bind(methods, outputs);

    public Task AppReadyAsync(CancellationToken cancel) => inputs.StartAsync(cancel);

    public Task AppLostAsync(CancellationToken cancel) => inputs.StopAsync();

    public ValueTask DisposeAsync() => inputs.DisposeAsync();
}
