namespace Samples.WorkerHost;

/// <summary>The content of items, from whatever source there is.</summary>
public sealed class ItemClient(HttpClient http)
{
    /// <summary>Writes an item's content to a file.</summary>
    public async Task FetchAsync(string id, string file, CancellationToken cancel)
    {
        using var answer = await http.GetAsync($"/items/{Uri.EscapeDataString(id)}", HttpCompletionOption.ResponseHeadersRead, cancel);
        answer.EnsureSuccessStatusCode();
        await using var target = File.Create(file);
        await answer.Content.CopyToAsync(target, cancel);
    }
}
