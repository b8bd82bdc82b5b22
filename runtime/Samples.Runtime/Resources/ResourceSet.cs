using Samples.Routing;

namespace Samples.Runtime.Resources;

/// <summary>All resources of one sidecar, parsed and checked.</summary>
/// <param name="Components">In the order of definition (files by name, documents by position).</param>
/// <param name="Subscriptions">Declarative subscriptions of both API versions, in one shape.</param>
public sealed record ResourceSet(IReadOnlyList<Component> Components, IReadOnlyList<Subscription> Subscriptions)
{
    /// <summary>What daprd would do otherwise with these files.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Nothing.</summary>
    public static ResourceSet Empty { get; } = new([], []);

    /// <summary>Services outside of Dapr that have names.</summary>
    public IReadOnlyList<HttpEndpoint> HttpEndpoints { get; init; } = [];

    /// <summary>Policies for calls that fail.</summary>
    public IReadOnlyList<Resiliency> Resiliencies { get; init; } = [];

    /// <summary>The sidecar's configuration.</summary>
    public DaprConfiguration Configuration { get; init; } = DaprConfiguration.Empty;
}

/// <summary>A subscription, wherever it was declared.</summary>
/// <param name="PubsubName">The component.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Rules">CEL expressions with their paths, in order; the first that matches decides.</param>
/// <param name="DefaultRoute">Where the rest goes; null drops it.</param>
public sealed record Subscription(string PubsubName, string Topic, IReadOnlyList<RoutingRule> Rules, string? DefaultRoute)
{
    /// <summary>Name of a declarative one.</summary>
    public string? Name { get; init; }

    /// <summary>Where what finally failed goes; null: nowhere.</summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>Metadata, for example <c>rawPayload</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Bulk settings; null for one by one.</summary>
    public BulkSubscribe? Bulk { get; init; }

    /// <summary>App ids it applies to; empty means all.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Where it was declared.</summary>
    public Origin Origin { get; init; } = Origin.Code;
}

/// <summary>A routing rule: where the condition holds, the event goes to the path.</summary>
public sealed record RoutingRule(RoutingExpression Expression, string Path)
{
    /// <summary>The condition as it was written.</summary>
    public string Match => Expression.Text;
}

/// <summary>How bulk messages are gathered; Dapr's defaults.</summary>
public sealed record BulkSubscribe(int MaxMessagesCount = 100, int MaxAwaitDurationMs = 1000);
