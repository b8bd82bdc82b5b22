namespace Samples.Runtime.BuildingBlocks;

/// <summary>What of a publisher's metadata reaches the handler of an event, as headers.</summary>
internal static class PublisherMetadata
{
    // A publisher must not be able to frame the request, to open the application, or to forge the trace.
    private static readonly HashSet<string> Withheld = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "keep-alive", "proxy-connection", "content-length", "content-type", "content-encoding", "transfer-encoding",
        "expect",
        "upgrade", "te", "trailer",
        "dapr-api-token", "pubsubname", "traceparent", "tracestate", "grpc-trace-bin",
    };

    /// <summary>All of it that a header can carry and that means nothing to the transport.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Passed(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Where(m => !Withheld.Contains(m.Key) && m.Value.All(c => c is >= ' ' and < '\x7f'));
}
