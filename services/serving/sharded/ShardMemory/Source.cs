using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.ShardMemory;

/// <summary>Where answers come from. Throws what <see cref="Callees.IsFailure"/> knows where nobody answers.</summary>
public interface ISource
{
    /// <summary>Asks the source.</summary>
    Task<Answer> GetAsync(string target, CancellationToken cancel);

    /// <summary>Asks another shard for what it has in memory; null where it has nothing, or does not answer.</summary>
    Task<Answer?> PeekAsync(string shard, string target, CancellationToken cancel);

    /// <summary>What has changed since a moment; waits for a change, up to a time.</summary>
    Task<ChangePage> GetChangesAsync(string holder, SourceTime since, TimeSpan wait, CancellationToken cancel);
}

/// <summary>By Dapr service invocation.</summary>
public sealed class Source(Callees callees, ShardOptions options) : ISource
{
    private static readonly TimeSpan PeekLimit = TimeSpan.FromMilliseconds(200), ChangesLimit = TimeSpan.FromSeconds(1.5);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <inheritdoc/>
    public async Task<Answer> GetAsync(string target, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target);
        using var answer = await callees.SendAsync(options.Origin, request, options.OriginTimeout, cancel);
        // A sidecar that cannot reach the source answers for it.
        return (int)answer.StatusCode >= 500
            ? throw new HttpRequestException($"'{options.Origin}' answered {(int)answer.StatusCode}.")
            : await ReadAsync(answer, cancel);
    }

    /// <inheritdoc/>
    public async Task<Answer?> PeekAsync(string shard, string target, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/peek?target={Uri.EscapeDataString(target)}");
            using var answer = await callees.SendAsync(shard, request, PeekLimit, cancel);
            return answer.IsSuccessStatusCode ? await ReadAsync(answer, cancel) : null;
        }
        catch (Exception error) when (Callees.IsFailure(error))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<ChangePage> GetChangesAsync(string holder, SourceTime since, TimeSpan wait, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            $"/changes?holder={Uri.EscapeDataString(holder)}&since={Uri.EscapeDataString($"{since}")}&waitMs={wait.TotalMilliseconds:0}");
        using var answer = await callees.SendAsync(options.Origin, request, wait + ChangesLimit, cancel);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<ChangePage>(Json, cancel)
            ?? throw new HttpRequestException($"'{options.Origin}' told no changes.");
    }

    private static async Task<Answer> ReadAsync(HttpResponseMessage answer, CancellationToken cancel) => new(
        (int)answer.StatusCode,
        // A few values, each kept once.
        string.Intern(answer.Content.Headers.ContentType?.ToString() ?? "application/octet-stream"),
        await answer.Content.ReadAsByteArrayAsync(cancel),
        Header(answer, AnswerHeaders.DependsOn) ?? "",
        SourceTime.Parse(Header(answer, AnswerHeaders.AsOf)));

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
