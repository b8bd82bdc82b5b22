using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Samples.Experiments.Adapter;

/// <summary>
/// What four writers write during a storm, and what became of it. The truth about the applications' logs is what their files have: a
/// request that nobody answered may have been logged.
/// </summary>
internal sealed class StormLines(ExperimentContext context, Applications applications, Random random)
{
    private const string Own = "mixed.log";

    private readonly string _run = $"storm{random.Next():x}{Environment.ProcessId:x}";
    private readonly HashSet<long> _numbers = [];
    private readonly Dictionary<string, int> _seen = [];
    private int _own, _rotations;

    /// <summary>How often the file was renamed.</summary>
    public int Rotations => _rotations;

    /// <summary>Records that came with a number that another one had already.</summary>
    public int Twice { get; private set; }

    /// <summary>Writes a log of its own, and renames it again and again, until it is told to stop.</summary>
    public async Task WriteAsync(CancellationToken stop)
    {
        var file = Path.Combine(context.DataDirectory, Own);
        var began = context.Time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            var lines = new StringBuilder();
            for (var i = random.Next(1, 20); i > 0; i--)
                lines.Append(CultureInfo.InvariantCulture, $"{{\"msg\":\"{_run}-{_own++}\",\"level\":\"info\"}}\n");
            await File.AppendAllTextAsync(file, lines.ToString(), CancellationToken.None);
            if (context.Time.GetElapsedTime(began) > TimeSpan.FromSeconds(2))
            {
                began = context.Time.GetTimestamp();
                File.Move(file, $"{file}.{1000 + _rotations++}", overwrite: true);
            }

            await Task.Delay(random.Next(10, 60), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Orders, pulses and jobs; some are not answered, because nobody is there.</summary>
    public async Task AskAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var name = $"{_run}-{i}";
            await Task.WhenAll(
                TryAsync(cancel => applications.OrderAsync(name, cancel), stop),
                TryAsync(cancel => applications.PulseAsync(name, 1, cancel), stop),
                TryAsync(cancel => applications.FailAsync(name, cancel), stop));
            await Task.Delay(50, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes a record that was read.</summary>
    public void Take(long number, JsonElement record)
    {
        if (!_numbers.Add(number))
            Twice++;
        var source = record.GetProperty("Resource").GetProperty("service.name").GetString()!;
        var body = record.GetProperty("Body").GetString()!;
        var text = source == "meter" && record.GetProperty("Attributes").TryGetProperty("site", out var site) ? site.ToString() : body;
        if (text.Contains(_run, StringComparison.Ordinal))
            _seen[$"{source} {text.Split('\n')[0]}"] = _seen.GetValueOrDefault($"{source} {text.Split('\n')[0]}") + 1;
    }

    /// <summary>What must be there, by what has been read so far: written, missing, and more than once.</summary>
    public (int Written, int Missing, int Twice) Compare()
    {
        var written = Enumerable.Range(0, _own).Select(i => $"mixed {_run}-{i}")
            .Concat(LinesOf("shop-access.log").Select(l => $"shop {l}"))
            .Concat(LinesOf("meter.log").Select(l => $"meter {JsonDocument.Parse(l).RootElement.GetProperty("site").GetString()}"))
            .Concat(LinesOf("batch.log").Where(l => l.Contains("] ", StringComparison.Ordinal)).Select(l => $"batch {l.Split("] ")[1]}"))
            .CountBy(l => l).ToDictionary();
        return (
            written.Values.Sum(),
            written.Sum(w => Math.Max(0, w.Value - _seen.GetValueOrDefault(w.Key))),
            _seen.Sum(s => Math.Max(0, s.Value - written.GetValueOrDefault(s.Key))));
    }

    private IEnumerable<string> LinesOf(string file) =>
        File.ReadLines(Path.Combine(context.DataDirectory, file)).Where(l => l.Contains(_run, StringComparison.Ordinal));

    private static async Task TryAsync(Func<CancellationToken, Task> ask, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            await ask(limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            // That is what a storm is.
        }
    }
}
