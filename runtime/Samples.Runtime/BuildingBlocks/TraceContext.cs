using System.Text.Json;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>W3C trace context as it travels with an event; both are empty where the publisher sent none.</summary>
public readonly record struct TraceContext(string Parent, string State)
{
    /// <summary>No trace.</summary>
    public static TraceContext None { get; } = new("", "");

    /// <summary>
    /// The context of an event: <c>traceparent</c> supersedes the older <c>traceid</c>. daprd sends the application an all-zero traceparent
    /// where there is no trace, which the W3C calls invalid; here the header is absent then.
    /// </summary>
    public static TraceContext Of(JsonElement @event)
    {
        var parent = Text(@event, "traceparent") is { Length: > 0 } text ? text : Text(@event, "traceid");
        return new TraceContext(IsValid(parent) ? parent : "", Text(@event, "tracestate"));
    }

    // https://www.w3.org/TR/trace-context/#traceparent-header
    private static bool IsValid(string parent) =>
        parent.Length >= 55 && parent[2] == '-' && parent[35] == '-' && parent[52] == '-' && parent.All(c => char.IsAsciiHexDigitLower(c) || c == '-')
        && parent.AsSpan(3, 32).ContainsAnyExcept('0') && parent.AsSpan(36, 16).ContainsAnyExcept('0');

    private static string Text(JsonElement @event, string name) =>
        @event.ValueKind == JsonValueKind.Object && @event.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
