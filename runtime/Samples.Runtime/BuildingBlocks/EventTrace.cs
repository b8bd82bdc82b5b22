using System.Diagnostics;
using System.Text.Json;
using Samples.Runtime.Apps;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>W3C trace context as it travels with an event; both are empty where the publisher sent none.</summary>
public readonly record struct EventTrace(string Parent, string State)
{
    /// <summary>The trace of a publisher's request; what is no <c>traceparent</c> counts as none.</summary>
    public static EventTrace From(string? parent, string? state) =>
        ActivityContext.TryParse(parent, null, out _) ? new EventTrace(parent!, state ?? "") : new EventTrace("", "");

    /// <summary>
    /// What the handler of an event gets: the publisher's trace (<c>traceparent</c> supersedes the older <c>traceid</c>), or a new one
    /// where there was none. (daprd sends a trace id of zeros then, which nobody can follow.) An event without these members, as from
    /// a raw payload, brings no trace.
    /// </summary>
    public static EventTrace Of(JsonElement @event)
    {
        if ((Text(@event, "traceparent") ?? Text(@event, "traceid")) is not { } parent)
            return new EventTrace("", "");
        var trace = From(parent, Text(@event, "tracestate"));
        return trace.Parent.Length > 0 ? trace : new EventTrace(TraceContext.Current(), "");
    }

    private static string? Text(JsonElement @event, string name) =>
        @event.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
