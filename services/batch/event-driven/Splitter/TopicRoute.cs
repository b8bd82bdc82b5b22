using Samples.Defaults;
using Samples.Routing;
using Samples.Stages;

namespace Samples.Splitter;

/// <summary>Where events go that a condition is true of.</summary>
public sealed record TopicRoute(string Topic, RoutingExpression When)
{
    private const string Form = "write a line a topic, as `orders-export: event.data.country != 'DE'`.";

    /// <summary>
    /// Reads <c>ROUTES</c>, a line each; the first one that is true wins, and <c>true</c> is for the rest. Throws
    /// <see cref="WrongSettingException"/> for what cannot be read, and for a topic without a route or a route without a topic.
    /// </summary>
    public static IReadOnlyList<TopicRoute> ReadAll(IConfiguration configuration, IReadOnlyList<string> outputs)
    {
        string[] lines =
        [
            .. (configuration["ROUTES"] ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        ];
        TopicRoute[] routes = [.. lines.Select(Read)];
        foreach (var unknown in routes.Select(r => r.Topic).Except(outputs))
            throw new WrongSettingException($"ROUTES has the topic '{unknown}', which OUTPUTS does not name.");
        foreach (var unused in outputs.Except(routes.Select(r => r.Topic)))
            throw new WrongSettingException($"ROUTES has no line for the topic '{unused}' of OUTPUTS: {Form}");
        return routes;
    }

    private static TopicRoute Read(string line) =>
        line.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } topic, { Length: > 0 } when]
        ? new TopicRoute(topic, ExpressionSettings.Parse("ROUTES", when))
        : throw new WrongSettingException($"ROUTES has the line '{line}': {Form}");
}
