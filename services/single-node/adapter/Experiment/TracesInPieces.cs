using System.Globalization;
using System.Text.Json;

namespace Samples.Experiments.Adapter;

/// <summary>
/// Stack traces whose writer is slow: the adapter has read the beginning of each, and looked once more and found nothing, when the rest
/// comes. It has to wait for that, as long as the template says.
/// </summary>
internal sealed class TracesInPieces(
    ExperimentContext context, string file, Func<CancellationToken, Task<IReadOnlyList<JsonElement>>> readAsync)
{
    private const int Traces = 5, FirstLines = 2, LaterLines = 5;

    // More than a look takes, and so much less than the adapter's wait that it has time to look.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), InTime = TimeSpan.FromMilliseconds(750);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _run = $"{context.Time.GetUtcNow().Ticks:x}";

    /// <summary>Those whose rest this machine wrote in time are one record each.</summary>
    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        const string text = "a stack trace of which the adapter had read only the beginning is one record";
        var (owed, whole) = (0, 0);
        for (var i = 0; i < Traces; i++)
        {
            var name = $"{_run}-{i}";
            if (!await WriteAsync(name, cancel))
                continue;
            owed++;
            var trace = await FindAsync($"job {name} failed", cancel);
            whole += trace is { } found && found.GetProperty("Attributes").TryGetProperty("exception.stacktrace", out var lines)
                && lines.GetString()!.Split('\n').Length == FirstLines + LaterLines ? 1 : 0;
        }

        return owed > 0
            ? new Claim(text, $"{owed}", $"{whole}", whole == owed)
            : Claim.NotRun(text, $"{Traces}", "This machine was too slow to write the rest of one in time; let it do less beside this.");
    }

    // The line before the trace is finished by the trace's first: when it is a record, the beginning of the trace has been read.
    private async Task<bool> WriteAsync(string name, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        await File.AppendAllTextAsync(
            file,
            $"{Head("INFO", $"before {name}")}{Head("ERROR", $"job {name} failed")}"
            + $"java.lang.IllegalStateException: no more {name}\n{Steps(1, FirstLines - 1)}",
            cancel);
        await FindAsync($"before {name}", cancel);
        await Task.Delay(Pause, cancel);
        await File.AppendAllTextAsync(file, Steps(FirstLines, LaterLines), cancel);
        return context.Time.GetElapsedTime(began) < InTime;
    }

    private string Head(string level, string what) => string.Create(
        CultureInfo.InvariantCulture, $"{context.Time.GetUtcNow():yyyy-MM-dd HH:mm:ss.fff} b.s.d.executor worker-1 [{level}] {what}\n");

    private static string Steps(int from, int count) =>
        string.Concat(Enumerable.Range(from, count).Select(i => $"\tat backtype.storm.Job.step{i}(Job.java:{i})\n"));

    private async Task<JsonElement?> FindAsync(string text, CancellationToken cancel)
    {
        JsonElement? found = null;
        _ = await Applications.WaitAsync(async () =>
        {
            var of = (await readAsync(cancel)).Where(r => r.GetProperty("Body").GetString()!.Contains(text, StringComparison.Ordinal));
            found = of.Select(r => (JsonElement?)r).FirstOrDefault();
            return found is not null;
        }, Patience, cancel);
        return found;
    }
}
