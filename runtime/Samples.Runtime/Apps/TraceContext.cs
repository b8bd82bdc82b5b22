using System.Diagnostics;
using System.Net.Http.Headers;

namespace Samples.Runtime.Apps;

/// <summary>
/// W3C trace context. A call that carries none gets a new trace here, marked as sampled: an application that exports traces decides
/// by its own sampler, and one that does not loses nothing. (An untraced daprd sends a trace id of zeros, which nobody can follow.)
/// </summary>
internal static class TraceContext
{
    public const string Parent = "traceparent";
    public const string Binary = "grpc-trace-bin";

    /// <summary>The trace of the current span where it is recorded, or a new one.</summary>
    public static string Current() => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Recorded: true, Id: { } id }
        ? id
        : $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-01";

    /// <summary>Adds a trace where the request has none.</summary>
    public static void AddTo(HttpRequestHeaders headers)
    {
        if (!headers.Contains(Parent))
            headers.TryAddWithoutValidation(Parent, Current());
    }

    /// <summary>The text form of gRPC's binary trace (version 0: trace id, span id, flags); null where it is something else.</summary>
    public static string? FromBinary(ReadOnlySpan<byte> trace) =>
        trace is [0, 0, .., _] && trace.Length == 29 && trace[18] == 1 && trace[27] == 2
        ? $"00-{Convert.ToHexStringLower(trace[2..18])}-{Convert.ToHexStringLower(trace[19..27])}-{trace[28]:x2}"
        : null;

    /// <summary>gRPC's binary form of a <c>traceparent</c>; null where that is malformed.</summary>
    public static byte[]? ToBinary(string parent)
    {
        if (!ActivityContext.TryParse(parent, null, out var context))
            return null;
        var trace = new byte[29];
        context.TraceId.CopyTo(trace.AsSpan(2, 16));
        trace[18] = 1;
        context.SpanId.CopyTo(trace.AsSpan(19, 8));
        trace[27] = 2;
        trace[28] = (byte)context.TraceFlags;
        return trace;
    }
}
