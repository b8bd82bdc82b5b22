using System.Text.Json;

namespace Samples.Owner;

/// <summary>
/// At <paramref name="At"/>, this replica believed to be the owner until <paramref name="Until"/> (equal: it stepped down).
/// </summary>
/// <param name="Mechanism">Of which task.</param>
/// <param name="Replica">Who.</param>
/// <param name="Term">In which term.</param>
/// <param name="At">When, on the machine's monotonic clock.</param>
/// <param name="Until">Until when, on the same clock, if nothing newer is noted.</param>
public sealed record Belief(string Mechanism, string Replica, long Term, TimeSpan At, TimeSpan Until);

/// <summary>
/// What this replica believed and when, in a file: it is read after the replica was killed, to prove (or refute) that never two believed
/// the same at the same time.
/// </summary>
public sealed class BeliefHistory : IDisposable
{
    private readonly Lock _gate = new();
    private readonly OwnerOptions _options;
    private readonly TimeProvider _time;
    private readonly FileStream _file;

    /// <summary>Continues the replica's file in the data folder.</summary>
    public BeliefHistory(OwnerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        Directory.CreateDirectory(options.Data);
        _file = new FileStream(
            Path.Combine(options.Data, $"beliefs-{options.Replica}.jsonl"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
    }

    /// <summary>Notes what changed from one lease to the next: granted, renewed or given up.</summary>
    public void Note(string mechanism, Lease? before, Lease? after)
    {
        if (after is not null && after != before)
            Write(new Belief(mechanism, _options.Replica, after.Term, after.From, after.Until));
        else if (after is null && before is not null && _time.Monotonic() is var now && now < before.Until)
            Write(new Belief(mechanism, _options.Replica, before.Term, now, now));
    }

    /// <summary>All that was noted, earlier lives included.</summary>
    public IReadOnlyList<Belief> Read()
    {
        lock (_gate)
        {
            // A line that a kill cut off was never acted upon.
            return [.. File.ReadLines(_file.Name).Where(l => l.EndsWith('}')).Select(l => JsonSerializer.Deserialize<Belief>(l)!)];
        }
    }

    private void Write(Belief belief)
    {
        lock (_gate)
        {
            JsonSerializer.Serialize(_file, belief);
            _file.WriteByte((byte)'\n');
            _file.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
