using System.Collections.Concurrent;
using System.Net.Sockets;
using Samples.MetricsAdapter.Page;
using Samples.MetricsAdapter.Sources;

namespace Samples.MetricsAdapter;

/// <summary>
/// One look at all sources, side by side. Each has its own limit, after which its reading is cancelled: a source that hangs, is gone, or
/// says nonsense costs the page its own values and nothing else.
/// </summary>
internal sealed class Scrape(IReadOnlyList<ISource> sources, int mostSamples, TimeProvider time, ILogger<Scrape> log)
{
    /// <summary>What the adapter's own metrics begin with, besides <c>up</c>.</summary>
    public const string OwnPrefix = "adapter_";

    private static readonly MetricFamily Up = new("up", MetricType.Gauge, "1 when the source answered with something that can be read."),
        Duration = new("adapter_scrape_duration_seconds", MetricType.Gauge, "How long the source took."),
        Accepted = new("adapter_samples", MetricType.Gauge, "Values of the source that are on this page."),
        Failed = new("adapter_failed_scrapes_total", MetricType.Counter, "Readings of the source that gave nothing, by reason."),
        Refused = new(
            "adapter_refused_samples_total", MetricType.Counter, "Values of the source that would have broken the page, by reason.");

    private readonly ConcurrentDictionary<(string Source, string Reason), long> _failed = [], _refused = [];
    private readonly ConcurrentDictionary<string, bool> _wasUp = [];

    private sealed record Outcome(ISource Source, Reading? Reading, TimeSpan Took);

    /// <summary>Reads all sources within the limit.</summary>
    public async Task<MetricPage> RunAsync(TimeSpan limit, CancellationToken cancel)
    {
        var outcomes = await Task.WhenAll(sources.Select(s => ReadAsync(s, limit, cancel)));
        var page = new MetricPage();
        foreach (var (source, reading, took) in outcomes)
        {
            Label[] label = [new(MetricNames.Source, source.Name)];
            var accepted = reading?.Samples.Count(s => Accept(page, source.Name, s)) ?? 0;
            foreach (var (reason, count) in reading?.Refused ?? new Dictionary<string, int>())
                Count(_refused, source.Name, reason, count);
            page.Add(new Sample(Up, label, reading is null ? 0 : 1));
            page.Add(new Sample(Duration, label, took.TotalSeconds));
            page.Add(new Sample(Accepted, label, accepted));
        }

        AddCounts(page, Failed, _failed);
        AddCounts(page, Refused, _refused);
        return page;
    }

    private bool Accept(MetricPage page, string source, Sample sample)
    {
        var isOwn = sample.Family.Name == Up.Name || sample.Family.Name.StartsWith(OwnPrefix, StringComparison.Ordinal);
        var reason = isOwn
            ? "name"
            : page.Add(sample with { Labels = [.. sample.Labels.Where(l => l.Value.Length > 0), new Label(MetricNames.Source, source)] });
        if (reason is not null)
            Count(_refused, source, reason, 1);
        return reason is null;
    }

    private async Task<Outcome> ReadAsync(ISource source, TimeSpan limit, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        using var end = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancel);
        string reason;
        try
        {
            var reading = await source.ReadAsync(either.Token).WaitAsync(either.Token);
            if (reading.Samples.Count <= mostSamples)
            {
                Tell(source.Name, null);
                return new Outcome(source, reading, time.GetElapsedTime(began));
            }

            reason = "too-many";
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            reason = ReasonOf(error);
            if (reason == "defect")
                log.LogError(error, "reading {Source} failed in a way that nobody thought of", source.Name);
        }

        Tell(source.Name, reason);
        Count(_failed, source.Name, reason, 1);
        return new Outcome(source, null, time.GetElapsedTime(began));
    }

    private static string ReasonOf(Exception error) => error switch
    {
        SourceException source => source.Reason,
        OperationCanceledException => "timeout",
        SocketException or HttpRequestException or IOException => "unreachable",
        Dapr.DaprException => "secret",
        _ => "defect",
    };

    // Once for each change: a scrape comes every few seconds.
    private void Tell(string source, string? reason)
    {
        var wasUp = !_wasUp.TryGetValue(source, out var known) || known;
        _wasUp[source] = reason is null;
        if (wasUp && reason is not null)
            log.LogWarning("{Source} cannot be read: {Reason}", source, reason);
        else if (!wasUp && reason is null)
            log.LogInformation("{Source} can be read again", source);
    }

    private static void Count(ConcurrentDictionary<(string Source, string Reason), long> counts, string source, string reason, int more)
    {
        if (more > 0)
            counts.AddOrUpdate((source, reason), more, (_, count) => count + more);
    }

    private static void AddCounts(MetricPage page, MetricFamily family, ConcurrentDictionary<(string Source, string Reason), long> counts)
    {
        foreach (var ((source, reason), count) in counts.OrderBy(c => c.Key))
            page.Add(new Sample(family, [new Label(MetricNames.Source, source), new Label("reason", reason)], count));
    }
}
