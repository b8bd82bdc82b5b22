namespace Samples.Runtime.Resources;

/// <summary>Reads declarative subscriptions of both API versions into one shape.</summary>
internal static class SubscriptionReader
{
    public static Subscription Read(YamlMap root)
    {
        root.AllowOnly(["apiVersion", "kind", "metadata", "spec", "scopes"]);
        var name = root.Map("metadata")?.Text("name") ?? throw root.Error("a subscription has no 'metadata.name'.", "Add one.");
        var spec = root.Map("spec") ?? throw root.Error($"subscription '{name}' has no 'spec'.", "Add 'spec' with 'pubsubname' and 'topic'.");
        var plain = root.Text("apiVersion") switch
        {
            "dapr.io/v1alpha1" => true,
            "dapr.io/v2alpha1" => false,
            var other => throw root.Error($"apiVersion '{other}' is not one of a Subscription.", "Write dapr.io/v2alpha1 or dapr.io/v1alpha1."),
        };
        spec.AllowOnly(["pubsubname", "topic", plain ? "route" : "routes", "metadata", "deadLetterTopic", "bulkSubscribe"], $"subscription '{name}'");
        var routes = plain ? null : spec.Map("routes");
        routes?.AllowOnly(["rules", "default"], $"subscription '{name}'");
        var bulk = spec.Map("bulkSubscribe");
        bulk?.AllowOnly(["enabled", "maxMessagesCount", "maxAwaitDurationMs"], $"subscription '{name}'");
        return new Subscription(
            spec.Text("pubsubname") ?? throw spec.Error($"subscription '{name}' has no 'pubsubname'.", "Name the pub/sub component."),
            spec.Text("topic") ?? throw spec.Error($"subscription '{name}' has no 'topic'.", "Name the topic."),
            [.. (routes?.Maps("rules") ?? []).Select(r => new RoutingRule(
                r.Text("match") ?? throw r.Error("a rule has no 'match'.", "Add an expression over 'event'."),
                r.Text("path") ?? throw r.Error("a rule has no 'path'.", "Add the path of the handler.")))],
            plain ? spec.Text("route") : routes?.Text("default"))
        {
            Name = name,
            DeadLetterTopic = spec.Text("deadLetterTopic"),
            Metadata = spec.Map("metadata") is { } metadata ? metadata.Keys.ToDictionary(k => k, k => metadata.Text(k) ?? "") : new Dictionary<string, string>(),
            Bulk = bulk?.Text("enabled") == "true"
                ? new BulkSubscribe(bulk.Number("maxMessagesCount") ?? 100, bulk.Number("maxAwaitDurationMs") ?? 1000)
                : null,
            Scopes = root.Texts("scopes"),
            Origin = root.Origin,
        };
    }
}
