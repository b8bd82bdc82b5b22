using Microsoft.AspNetCore.Http;

namespace Samples.Runtime.Api.Http;

/// <summary>
/// Metadata in the query of a request: <c>?metadata.ttlInSeconds=60</c>. It is that of everything in the request, and goes first.
/// </summary>
internal static class QueryMetadata
{
    private const string Prefix = "metadata.";

    public static Dictionary<string, string> Of(HttpContext http) => http.Request.Query
        .Where(q => q.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(q => q.Key[Prefix.Length..], q => q.Value[0] ?? "");

    /// <summary>An item's own metadata under that of the request.</summary>
    public static Dictionary<string, string> Over(
        this IReadOnlyDictionary<string, string> request, IReadOnlyDictionary<string, string>? own)
    {
        var all = (own ?? new Dictionary<string, string>()).ToDictionary();
        foreach (var (name, value) in request)
            all[name] = value;
        return all;
    }
}
