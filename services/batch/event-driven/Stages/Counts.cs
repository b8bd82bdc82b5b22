using System.Collections.Concurrent;

namespace Samples.Stages;

/// <summary>What a stage has done since its process began.</summary>
public sealed class Counts
{
    private readonly ConcurrentDictionary<string, long> _out = new(StringComparer.Ordinal);
    private long _in, _doubles, _dead, _again;

    /// <summary>A look at them.</summary>
    public CountsReport Report => new(
        Interlocked.Read(ref _in), Interlocked.Read(ref _doubles), Interlocked.Read(ref _dead), Interlocked.Read(ref _again),
        _out.ToDictionary(o => o.Key, o => o.Value));

    /// <summary>So many events were handled, so many more had been seen, so many went to the dead letters.</summary>
    public void Handled(int events, int doubles, int dead)
    {
        Interlocked.Add(ref _in, events);
        Interlocked.Add(ref _doubles, doubles);
        Interlocked.Add(ref _dead, dead);
    }

    internal void ComesAgain(int events) => Interlocked.Add(ref _again, events);

    /// <summary>An event was published.</summary>
    public void Published(string topic) => _out.AddOrUpdate(topic, 1, (_, before) => before + 1);
}

/// <summary>Counts of one process.</summary>
/// <param name="In">Events that were handled.</param>
/// <param name="Doubles">Events that had been seen, and changed nothing.</param>
/// <param name="Dead">Of those handled: sent to the dead letters.</param>
/// <param name="Again">Events that could not be handled then, and were to come again.</param>
/// <param name="Out">Events published, by topic.</param>
public sealed record CountsReport(long In, long Doubles, long Dead, long Again, IReadOnlyDictionary<string, long> Out);
