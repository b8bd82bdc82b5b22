using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Components;
using Samples.Runtime.Metrics;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>What a building block of one sidecar works with.</summary>
/// <param name="AppId">The application's id.</param>
/// <param name="Namespace">Always <c>default</c> on one machine.</param>
/// <param name="Components">The components this application may see.</param>
/// <param name="App">The way to the application.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">For log lines.</param>
public sealed record SidecarContext(
    string AppId, string Namespace, IComponentLookup Components, IAppChannel App, TimeProvider Time, ILoggerFactory Loggers)
{
    /// <summary>Declarative subscriptions that apply to this application (HTTPEndpoint and others follow the same way).</summary>
    public ResourceSet Resources { get; init; } = ResourceSet.Empty;

    /// <summary>What governs calls that fail.</summary>
    public Policies Policies { get; init; } = Policies.None;

    /// <summary>What this replica is called in placement: stable over its restarts.</summary>
    internal string Replica { get; init; } = AppId;

    /// <summary>The actors of the whole run.</summary>
    internal ActorSystem Actors { get; init; } = null!;

    /// <summary>What is counted.</summary>
    internal SidecarMetrics Metrics { get; init; } = new(AppId);

    /// <summary>Who takes care of which outbox event, for all sidecars of the run.</summary>
    internal OutboxClaims Outboxes { get; init; } = new();

    /// <summary>Jobs and reminders of all applications that share a data folder.</summary>
    internal Scheduler Jobs { get; init; } = null!;
}

/// <summary>Finds the components of one sidecar.</summary>
public interface IComponentLookup
{
    /// <summary>Null where there is none of that name and kind, or it is scoped to other applications.</summary>
    T? Find<T>(string name) where T : class, IEngine;

    /// <summary>All that this application sees, in the order of definition, with their engines.</summary>
    IReadOnlyList<(Component Component, IEngine Engine)> All { get; }
}

/// <summary>
/// A building block of one sidecar: maps its endpoints, and follows the application's life. A new block is one file in Api/Http,
/// one in Api/Grpc, its logic in BuildingBlocks, and a line in <see cref="SidecarFeatures"/>.
/// </summary>
public interface ISidecarFeature : IAsyncDisposable
{
    /// <summary>Maps the HTTP endpoints.</summary>
    void MapHttp(IEndpointRouteBuilder routes);

    /// <summary>Binds the gRPC methods.</summary>
    void BindGrpc(GrpcMethods methods);

    /// <summary>The application answers (again): ask it what it wants and start delivering.</summary>
    Task AppReadyAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>The application stopped answering, or the sidecar stops: deliver nothing more, let what runs finish.</summary>
    Task AppLostAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Adds what the metadata endpoint tells about this block (for example subscriptions).</summary>
    void Describe(IDictionary<string, object?> metadata)
    {
    }
}

/// <summary>Every building block of a sidecar.</summary>
public static partial class SidecarFeatures
{
    /// <summary>Makes the building blocks of one sidecar.</summary>
    public static IReadOnlyList<ISidecarFeature> Create(SidecarContext context) =>
    [
        .. State(context), .. PubSub(context), .. Bindings(context), .. Secrets(context), .. Locks(context), .. Configuration(context),
        .. Absent(context),
        .. Actors(context), .. Jobs(context),
    ];
}
