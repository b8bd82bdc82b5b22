using Samples.Routing;

namespace Samples.Runtime.Resources;

/// <summary>Reads declarative subscriptions of both API versions into one shape.</summary>
internal static class SubscriptionReader
{
    public static Subscription Read(YamlMap root)
    {
        root.AllowOnly(["apiVersion", "kind", "metadata", "spec", "scopes"]);
        var name = root.Map("metadata")?.Text("name") ?? throw root.Error("a subscription has no 'metadata.name'.", "Add one.");
        var spec = root.Map("spec")
            ?? throw root.Error($"subscription '{name}' has no 'spec'.", "Add 'spec' with 'pubsubname' and 'topic'.");
        var plain = root.Text("apiVersion") switch
        {
            "dapr.io/v1alpha1" => true,
            "dapr.io/v2alpha1" => false,
            var other =>
                throw root.Error($"apiVersion '{other}' is not one of a Subscription.", "Write dapr.io/v2alpha1 or dapr.io/v1alpha1."),
        };
        spec.AllowOnly(
            ["pubsubname", "topic", plain ? "route" : "routes", "metadata", "deadLetterTopic", "bulkSubscribe"], $"subscription '{name}'");
        var routes = plain ? null : spec.Map("routes");
        routes?.AllowOnly(["rules", "default"], $"subscription '{name}'");
        var bulk = spec.Map("bulkSubscribe");
        bulk?.AllowOnly(["enabled", "maxMessagesCount", "maxAwaitDurationMs"], $"subscription '{name}'");
        RoutingRule[] rules = [.. (routes?.Maps("rules") ?? []).Select(r => Rule(r, name))];
        var route = plain ? spec.Text("route") : routes?.Text("default");
        if (rules.Length == 0 && route is null)
            throw spec.Error(
                $"subscription '{name}' has no route.",
                plain ? "Add 'route' with the path of the handler." : "Add 'routes' with 'rules' or 'default'.");
        return new Subscription(
            spec.Text("pubsubname") ?? throw spec.Error($"subscription '{name}' has no 'pubsubname'.", "Name the pub/sub component."),
            spec.Text("topic") ?? throw spec.Error($"subscription '{name}' has no 'topic'.", "Name the topic."), rules, route)
        {
            Name = name,
            DeadLetterTopic = spec.Text("deadLetterTopic"),
            Metadata = spec.Map("metadata") is { } metadata
                ? metadata.Keys.ToDictionary(k => k, k => metadata.Text(k) ?? "")
                : new Dictionary<string, string>(),
            Bulk = bulk?.Text("enabled") == "true"
                ? new BulkSubscribe(AtLeastOne(bulk, "maxMessagesCount") ?? 100, AtLeastOne(bulk, "maxAwaitDurationMs") ?? 1000)
                : null,
            Scopes = root.Texts("scopes"),
            Origin = root.Origin,
        };
    }

    private static RoutingRule Rule(YamlMap rule, string subscription)
    {
        rule.AllowOnly(["match", "path"], $"a rule of subscription '{subscription}'");
        var match = rule.Text("match") ?? throw rule.Error("a rule has no 'match'.", "Add an expression over 'event'.");
        var path = rule.Text("path") ?? throw rule.Error("a rule has no 'path'.", "Add the path of the handler.");
        try
        {
            return new RoutingRule(RoutingExpression.Parse(match.Trim()), path);
        }
        catch (FormatException error)
        {
            throw rule.ErrorAt("match", $"the rule '{match}' of subscription '{subscription}' cannot be used: {error.Message}.",
                "Write a condition such as event.type == \"order.v2\" && event.data.total > 100, "
                    + "or run this application with daprd, which knows all of CEL.");
        }
    }

    private static int? AtLeastOne(YamlMap bulk, string key) => bulk.Number(key) is not { } number ? null
        : number > 0 ? number
        : throw bulk.ErrorAt(key, $"'{key}' is {number}.", "Write a number from 1 on.");
}
