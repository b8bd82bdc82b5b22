using Microsoft.Net.Http.Headers;
using Samples.Cache.Storage;

namespace Samples.Cache.Http;

/// <summary>What a client says it has already (RFC 9110, 13).</summary>
public static class Conditions
{
    /// <summary>The conditions that a stored answer can decide.</summary>
    public static readonly IReadOnlyList<string> Answerable = [HeaderNames.IfNoneMatch, HeaderNames.IfModifiedSince];

    /// <summary>Those that only the origin can.</summary>
    public static readonly IReadOnlyList<string> OfOrigin = [HeaderNames.IfMatch, HeaderNames.IfUnmodifiedSince];

    /// <summary>Whether the client's copy is as good as this answer: 304 is enough then.</summary>
    public static bool IsKnown(IHeaderDictionary asked, StoredResponse stored)
    {
        if (stored.Status != StatusCodes.Status200OK)
            return false;
        if (asked.ContainsKey(HeaderNames.IfNoneMatch))
            return Tag(stored) is { } tag && EntityTagHeaderValue.TryParseList([.. asked.IfNoneMatch!], out var known)
                && known.Any(k => k.Equals(EntityTagHeaderValue.Any) || k.Compare(tag, useStrongComparison: false))
                || asked.IfNoneMatch == "*";
        return HttpDate.Read(asked.IfModifiedSince, stored.Received) is { } since && (stored.Modified ?? stored.Date) <= since;
    }

    /// <summary>Asks the origin only for what is newer than the stored answer.</summary>
    public static void Ask(HttpRequestMessage request, StoredResponse stored)
    {
        foreach (var name in Answerable)
            request.Headers.Remove(name);
        if (stored.Headers.TryGetValue(HeaderNames.ETag, out var tag))
            request.Headers.TryAddWithoutValidation(HeaderNames.IfNoneMatch, tag.ToString());
        if (stored.Headers.TryGetValue(HeaderNames.LastModified, out var modified))
            request.Headers.TryAddWithoutValidation(HeaderNames.IfModifiedSince, modified.ToString());
    }

    /// <summary>The stored answer's tag; null where it has none that can be read.</summary>
    public static EntityTagHeaderValue? Tag(StoredResponse stored) =>
        EntityTagHeaderValue.TryParse(stored.Headers.GetValueOrDefault(HeaderNames.ETag).ToString(), out var tag) ? tag : null;
}
