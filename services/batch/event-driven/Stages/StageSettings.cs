using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Samples.Defaults;
using Samples.Routing;

namespace Samples.Stages;

/// <summary>How a stage is wired and works, all of it from the environment.</summary>
/// <param name="Name">The app id [APP_ID].</param>
/// <param name="Kind">What it does: <c>copier</c>, <c>filter</c> ...</param>
/// <param name="Inputs">Topics that it subscribes [INPUTS].</param>
/// <param name="Outputs">Topics that it publishes to [OUTPUTS].</param>
/// <param name="DeadLetters">The topic of what can never be handled [DEAD_LETTERS].</param>
/// <param name="PubSub">The pub/sub component [PUBSUB].</param>
/// <param name="StateStore">Where seen ids are kept [STATE_STORE].</param>
/// <param name="Key">What keeps its order, such as <c>event.data.customer</c> [KEY]; null: nothing does.</param>
/// <param name="ByPartition">Whether the broker keeps order within partitions, as Kafka does [PARTITION_BY_KEY].</param>
/// <param name="Batch">Events a batch at most [BATCH].</param>
/// <param name="Wait">How long a batch waits to fill [WAIT_MS].</param>
/// <param name="SeenFor">How long redelivery can last: so long seen ids are kept, not counting time without events [SEEN_SECONDS].</param>
/// <param name="Flow">The app ids that <c>GET /flow</c> asks [FLOW].</param>
/// <param name="Faults">Whether experiments may switch guarantees off [FAULTS].</param>
public sealed partial record StageSettings(
    string Name, string Kind, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, string DeadLetters, string PubSub,
    string StateStore, RoutingExpression? Key, bool ByPartition, int Batch, TimeSpan Wait, TimeSpan SeenFor, IReadOnlyList<string> Flow,
    bool Faults)
{
    /// <summary>The only output.</summary>
    public string Output => Outputs[0];

    /// <summary>Reads the environment. Throws <see cref="WrongSettingException"/> for what is wrong or missing.</summary>
    public static StageSettings From(IConfiguration configuration, string kind, Range? inputs = null, Range? outputs = null)
    {
        var name = configuration["APP_ID"] is { Length: > 0 } id ? id : kind;
        return new StageSettings(
            name, kind, Topics(configuration, "INPUTS", inputs ?? 1..1), Topics(configuration, "OUTPUTS", outputs ?? 1..1),
            configuration["DEAD_LETTERS"] is { Length: > 0 } dead ? Topic("DEAD_LETTERS", dead) : "dead-letters",
            configuration["PUBSUB"] ?? "orderedpubsub",
            configuration["STATE_STORE"] ?? "statestore",
            configuration["KEY"] is { Length: > 0 } ? configuration.Expression("KEY") : null,
            Switch(configuration, "PARTITION_BY_KEY"),
            configuration.Whole("BATCH", 100, 1, 1000),
            TimeSpan.FromMilliseconds(configuration.Whole("WAIT_MS", 2, 1, 60_000)),
            configuration.Seconds("SEEN_SECONDS", 300, 10, 7 * 24 * 3600),
            [.. List(configuration["FLOW"])],
            Switch(configuration, "FAULTS"));
    }

    /// <summary>The names in a list with commas.</summary>
    internal static IEnumerable<string> List(string? text) =>
        (text ?? "").Split([',', '\n', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string[] Topics(IConfiguration configuration, string name, Range number)
    {
        string[] topics = [.. List(configuration[name]).Select(t => Topic(name, t))];
        var (least, most) = (number.Start.Value, number.End.Value);
        if (topics.Length < least || topics.Length > most)
        {
            var allowed = least == most ? $"{least}" : most == int.MaxValue ? $"{least} or more" : $"{least} to {most}";
            throw new WrongSettingException($"{name} names {topics.Length} topics; give {allowed}, with commas between them.");
        }

        return topics.Distinct(StringComparer.Ordinal).Count() == topics.Length
            ? topics
            : throw new WrongSettingException($"{name} names a topic twice: '{configuration[name]}'; each stands there once.");
    }

    private static bool Switch(IConfiguration configuration, string name) => configuration[name] switch
    {
        null or "" or "false" => false,
        "true" => true,
        var other => throw new WrongSettingException($"{name} is '{other}'; give true or false."),
    };

    private static string Topic(string setting, string topic) => TopicName().IsMatch(topic)
        ? topic
        : throw new WrongSettingException($"{setting} has the topic '{topic}'; use letters, digits, '-', '_' and '.', at most 100.");

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    private static partial Regex TopicName();
}

/// <summary>Expressions as settings.</summary>
public static class ExpressionSettings
{
    /// <summary>
    /// An expression over <c>event</c>, in the part of CEL that Dapr's routing rules are written in here. One that cannot be read stops the
    /// start.
    /// </summary>
    public static RoutingExpression Expression(this IConfiguration configuration, string name) =>
        configuration[name] is { Length: > 0 } text
            ? Parse(name, text)
            : throw new WrongSettingException($"{name} is missing; give an expression such as event.data.status == 'paid'.");

    /// <summary>The same of a text that is a part of a setting.</summary>
    public static RoutingExpression Parse(string name, string text)
    {
        try
        {
            return RoutingExpression.Parse(text);
        }
        catch (FormatException error)
        {
            throw new WrongSettingException($"{name} is '{text}': {error.Message}.");
        }
    }
}
