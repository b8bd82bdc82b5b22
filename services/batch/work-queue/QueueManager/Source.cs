namespace Samples.QueueManager;

/// <summary>An item that the source has.</summary>
public sealed record SourceItem(string Id);

/// <summary>The source of items, reached by Dapr service invocation: any service with <c>GET /items</c> is one.</summary>
public sealed class Source(HttpClient http)
{
    /// <summary>What there is now. An id that the source names twice is one item.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancel)
    {
        var items = await http.GetFromJsonAsync<SourceItem[]>("/items", cancel) ?? [];
        return [.. items.Select(i => i.Id).Where(id => id.Length is > 0 and <= 200).Distinct(StringComparer.Ordinal)];
    }
}
