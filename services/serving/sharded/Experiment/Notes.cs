using System.Text.Json;

namespace Samples.Experiments.Sharded;

/// <summary>
/// Documents that are written while they are read. A read is too old when it began after a later version had been acknowledged to its
/// writer; what was written while it was under way may be seen or not (a regular register, in the words of L. Lamport).
/// </summary>
internal sealed class Notes(ShardedView view, string name, int count)
{
    private readonly long[] _acknowledged = new long[count];
    private long _reads, _older, _writes, _refused;
    private string? _first;

    public int Count => count;

    /// <summary>Reads that a write had to be seen by, and those that were too old.</summary>
    public (long Reads, long Older, string? First) Reads => (Interlocked.Read(ref _reads), Interlocked.Read(ref _older), _first);

    /// <summary>Writes that were acknowledged, and those that were not.</summary>
    public (long Done, long Refused) Writes => (Interlocked.Read(ref _writes), Interlocked.Read(ref _refused));

    public string TargetOf(int note) => $"/documents?id={name}-{note}";

    public async Task WriteAsync(int note, CancellationToken cancel)
    {
        // The time of writing, and whoever wrote it: it only has to be another one.
        if (await view.EditAsync($"{name}-{note}", $"written {Interlocked.Increment(ref _writes)}", cancel) is { } version)
            Volatile.Write(ref _acknowledged[note], version);
        else
            Interlocked.Increment(ref _refused);
    }

    public async Task<Asked> ReadAsync(int note, CancellationToken cancel, TimeSpan? perRouter = null)
    {
        var floor = Volatile.Read(ref _acknowledged[note]);
        var asked = await view.GetAsync(TargetOf(note), cancel, perRouter);
        // What says that it may be old is not wrong.
        if (!asked.IsAnswered || floor == 0 || asked.Cache == "STALE")
            return asked;
        var version = JsonDocument.Parse(asked.Body).RootElement.GetProperty("version").GetInt64();
        Interlocked.Increment(ref _reads);
        if (version < floor)
        {
            Interlocked.Increment(ref _older);
            _first ??= $"{asked.Replica ?? "origin"} told version {version} after {floor}";
        }

        return asked;
    }
}
