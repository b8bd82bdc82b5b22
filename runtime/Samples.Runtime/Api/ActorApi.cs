using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks.Actors;

namespace Samples.Runtime.Api;

/// <summary>Actors: calls of them, their state, their timers and reminders, and the application as a host of some.</summary>
internal sealed class ActorApi(ActorHosting hosting, ActorBlock block, ActorStates states) : IBlockApi
{
    public void MapHttp(IEndpointRouteBuilder routes) => ActorHttp.Map(routes, block, states);

    public void BindGrpc(GrpcMethods methods) => ActorGrpc.Bind(methods, block, states);

    public Task AppReadyAsync(CancellationToken cancel) => hosting.StartAsync(cancel);

    public Task AppLostAsync(CancellationToken cancel) => hosting.StopAsync();

    public void Describe(IDictionary<string, object?> metadata)
    {
        if (hosting.Host is not { } host)
            return;
        var counts = hosting.Count(host);
        // A count of none is left out, as daprd does.
        var active = host.Types.Keys
            .Select(type => counts.TryGetValue(type, out var count) ? (object)new { type, count } : new { type })
            .ToList();
        metadata["actors"] = active;
        metadata["actorRuntime"] = new
        {
            runtimeStatus = "RUNNING",
            activeActors = active,
            hostReady = host.IsUsable,
            placement = "placement: connected",
        };
    }

    public ValueTask DisposeAsync() => hosting.DisposeAsync();
}
