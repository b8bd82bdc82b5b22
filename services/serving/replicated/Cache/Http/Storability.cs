using Microsoft.Extensions.Primitives;

namespace Samples.Cache.Http;

/// <summary>Which answers a shared cache may keep (RFC 9111, 3).</summary>
public static class Storability
{
    // 206 is a part: this cache keeps wholes and cuts parts out of them.
    private static readonly HashSet<int> NotUnderstood = [206, 304];

    /// <summary>Whether the answer to a GET may be stored.</summary>
    public static bool MayStore(
        int status, IReadOnlyDictionary<string, StringValues> headers, CacheControl control, IHeaderDictionary asked)
    {
        if (status < 200 || NotUnderstood.Contains(status) || VariesByAll(headers)
            || CacheControl.Parse(asked.CacheControl).Has("no-store"))
            return false;
        // What is written for one person may be kept by that person's browser, not here.
        if (control.Has("must-understand") && !IsUnderstood(status, control))
            return false;
        if (control.Has("private") || (control.Has("no-store") && !IsUnderstood(status, control)))
            return false;
        var isPublic = control.Has("public") || control.Has("s-maxage");
        if (asked.ContainsKey("Authorization") && !isPublic && !control.Has("must-revalidate"))
            return false;
        // A cookie is somebody's. Only an answer that says it is for everybody is kept with one; the RFC leaves that to the cache.
        if (headers.ContainsKey("Set-Cookie") && !isPublic)
            return false;
        return Freshness.IsGiven(status, headers, control);
    }

    /// <summary>
    /// Whether the answer is a stream of events: it has no whole that could be kept, whatever its header says.
    /// </summary>
    public static bool IsEventStream(string contentType) =>
        contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);

    // "must-understand, no-store": kept after all by those who know what the status asks of a cache (RFC 9111, 5.2.2.3).
    private static bool IsUnderstood(int status, CacheControl control) =>
        control.Has("must-understand") && Freshness.Heuristic.Contains(status);

    private static bool VariesByAll(IReadOnlyDictionary<string, StringValues> headers) =>
        headers.TryGetValue("Vary", out var vary) && Names(vary).Contains("*");

    /// <summary>The names in a list of field names such as <c>Vary</c>.</summary>
    public static IEnumerable<string> Names(StringValues list) =>
        list.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
