using Dapr.Client;

namespace Samples.LogStore;

/// <summary>
/// The counts in Dapr state. Two replicas may write at once: the ETag lets one of them win, and the other counts anew on what that one
/// wrote.
/// </summary>
public sealed class CountBook(DaprClient dapr, StoreOptions options)
{
    private const int MostTries = 50;

    private static readonly StateOptions FirstWriteWins = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <summary>Counts events.</summary>
    public async Task AddAsync(IReadOnlyList<LogEvent> events, CancellationToken cancel)
    {
        for (var attempt = 1; attempt <= MostTries; attempt++)
        {
            var (kept, etag) = await dapr.GetStateAndETagAsync<Counts?>(options.Store, options.Key, cancellationToken: cancel);
            var counts = kept ?? new Counts();
            foreach (var line in events)
                counts.Add(line, options.MostPaths);
            if (await dapr.TrySaveStateAsync(options.Store, options.Key, counts, etag ?? "", FirstWriteWins, cancellationToken: cancel))
                return;
        }

        throw new InvalidOperationException($"The counts were changed by others {MostTries} times in a row.");
    }

    /// <summary>Reads them.</summary>
    public async Task<Counts> ReadAsync(CancellationToken cancel) =>
        await dapr.GetStateAsync<Counts?>(options.Store, options.Key, cancellationToken: cancel) ?? new Counts();
}
