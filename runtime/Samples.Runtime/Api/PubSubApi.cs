using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api;

/// <summary>Publishing, and the subscriptions of an application.</summary>
internal sealed class PubSubApi(string appId, PubSubBlock block, Subscriptions subscriptions) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => PublishHttp.Map(routes, block, appId);

    public void BindGrpc(GrpcMethods methods)
    {
        PublishGrpc.Bind(methods, block);
        StreamingSubscription.Bind(methods, subscriptions);
    }

    public Task AppReadyAsync(CancellationToken cancel) => subscriptions.StartAsync(cancel);

    public Task AppLostAsync(CancellationToken cancel) => subscriptions.StopAsync();

    public void Describe(IDictionary<string, object?> metadata)
    {
        if (subscriptions.Describe() is { Count: > 0 } active)
            metadata["subscriptions"] = active;
    }

    public ValueTask DisposeAsync() => subscriptions.DisposeAsync();
}
