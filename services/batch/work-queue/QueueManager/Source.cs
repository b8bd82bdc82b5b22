namespace Samples.QueueManager;

/// <summary>An item that the source has.</summary>
public sealed record SourceItem(string? Id);

/// <summary>The source of items, reached by Dapr service invocation: any service with <c>GET /items</c> is one.</summary>
public sealed class Source(HttpClient http, ILogger<Source> log)
{
    /// <summary>Longest id, in characters: no file system has longer names.</summary>
    public const int LongestId = 255;

    private int _refused;

    /// <summary>What there is now. An id that the source names twice is one item.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancel)
    {
        var all = await http.GetFromJsonAsync<SourceItem[]>("/items", cancel) ?? [];
        var ids = all.Select(i => i.Id).OfType<string>().Where(IsId).ToList();
        // Said once, not every period.
        if (all.Length - ids.Count is var refused && refused != _refused && (_refused = refused) > 0)
            log.LogWarning(
                "{Count} items of the source are not taken in: an id has 1 to {Longest} characters, no slash and no control character",
                refused,
                LongestId);
        return [.. ids.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>True for an id that can be a path segment of a URL and a file's name.</summary>
    public static bool IsId(string id) =>
        id.Length is > 0 and <= LongestId && id is not "." and not ".." && !id.Any(c => c is '/' or '\\' || char.IsControl(c));
}
