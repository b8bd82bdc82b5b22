using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Components;
using Samples.Runtime.Metrics;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>What a building block of one sidecar works with.</summary>
/// <param name="AppId">The application's id.</param>
/// <param name="Namespace">Always <c>default</c> on one machine.</param>
/// <param name="Components">The components this application may see.</param>
/// <param name="App">The way to the application.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">For log lines.</param>
public sealed record SidecarContext(
    string AppId,
    string Namespace,
    IComponentLookup Components,
    IAppChannel App,
    TimeProvider Time,
    ILoggerFactory Loggers)
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

    /// <summary>Is told of each delivery to the application.</summary>
    internal Action<AppDelivery>? Delivered { get; init; }

    /// <summary>Jobs and reminders of all applications that share a data folder.</summary>
    internal IAppointments Jobs { get; init; } = null!;
}
