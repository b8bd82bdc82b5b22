using System.Collections.Concurrent;
using Dapr.Client;
using Samples.Stages;

namespace Samples.Report;

/// <summary>
/// What came of each run, in Dapr state, a record a run and topic. It changes in the transaction that notes the events as seen: an event
/// counts once, whatever dies when.
/// </summary>
public sealed class RunBook(DaprClient dapr, StageSettings settings) : IStageEffect
{
    // So many of the last runs are written again at a start, because their files may be behind.
    private const int MostRecent = 100;

    private readonly ConcurrentDictionary<string, TopicBook> _topics = new(StringComparer.Ordinal);

    /// <summary>Runs whose file is behind.</summary>
    public ConcurrentDictionary<string, byte> Behind { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StateTransactionRequest>> PrepareAsync(
        string topic, IReadOnlyList<StageEvent> events, SeenLog seen, CancellationToken cancel)
    {
        var book = _topics.GetOrAdd(topic, _ => new TopicBook());
        book.Recent ??= await dapr.GetStateAsync<List<string>?>(settings.StateStore, RecentKey(topic), cancellationToken: cancel) ?? [];
        book.Prepared.Clear();
        foreach (var run in events.GroupBy(e => Name(e.Subject)))
        {
            if (!book.Parts.TryGetValue(run.Key, out var part))
                part = await PartAsync(topic, run.Key, cancel) ?? RunPart.Empty(run.Key);
            book.Prepared[run.Key] = part.With(run);
        }

        List<string> recent = [.. book.Recent.Except(book.Prepared.Keys), .. book.Prepared.Keys];
        book.PreparedRecent = recent.Count > MostRecent ? recent[^MostRecent..] : recent;
        return
        [
            .. book.Prepared.Select(p => seen.Upsert(PartKey(topic, p.Key), p.Value)), seen.Upsert(RecentKey(topic), book.PreparedRecent),
        ];
    }

    /// <inheritdoc/>
    public void Stored(string topic)
    {
        var book = _topics[topic];
        foreach (var (run, part) in book.Prepared)
        {
            book.Parts[run] = part;
            Behind[run] = 0;
        }

        foreach (var old in book.Parts.Keys.Except(book.PreparedRecent))
            book.Parts.TryRemove(old, out _);
        book.Recent = book.PreparedRecent;
    }

    /// <inheritdoc/>
    public void Lost(string topic) => _topics.TryRemove(topic, out _);

    /// <summary>The runs of late, the latest last.</summary>
    public async Task<IReadOnlyList<string>> RecentAsync(CancellationToken cancel)
    {
        var runs = new List<string>();
        foreach (var topic in settings.Inputs)
            runs.AddRange(await dapr.GetStateAsync<List<string>?>(settings.StateStore, RecentKey(topic), cancellationToken: cancel) ?? []);
        return [.. runs.Distinct()];
    }

    /// <summary>What came of a run, by topic; empty for one that nobody knows.</summary>
    public async Task<IReadOnlyDictionary<string, RunPart>> ReadAsync(string run, CancellationToken cancel)
    {
        var parts = new Dictionary<string, RunPart>(StringComparer.Ordinal);
        foreach (var topic in settings.Inputs)
        {
            if (await PartAsync(topic, run, cancel) is { } part)
                parts[topic] = part;
        }

        return parts;
    }

    /// <summary>A name that can stand in a key and for a file.</summary>
    public static string Name(string subject)
    {
        var name = string.Concat(subject.Take(100).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
        return name.Trim('.') is { Length: > 0 } usable ? usable : "without-a-run";
    }

    private Task<RunPart?> PartAsync(string topic, string run, CancellationToken cancel) =>
        dapr.GetStateAsync<RunPart?>(settings.StateStore, PartKey(topic, run), cancellationToken: cancel);

    private static string PartKey(string topic, string run) => $"run-{topic}-{run}";

    private static string RecentKey(string topic) => $"runs-{topic}";

    private sealed class TopicBook
    {
        public ConcurrentDictionary<string, RunPart> Parts { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, RunPart> Prepared { get; } = new(StringComparer.Ordinal);

        public List<string>? Recent { get; set; }

        public List<string> PreparedRecent { get; set; } = [];
    }
}
