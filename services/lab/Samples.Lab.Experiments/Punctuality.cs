using System.Diagnostics;

namespace Samples.Lab.Experiments;

/// <summary>
/// How punctual the machine is: a thread that wants to wake every 10 ms counts how often it was more than 20 ms late. Where that is often,
/// something else takes the processors, and claims about time would say more about the machine than about the pattern.
/// </summary>
public sealed class Punctuality : IDisposable
{
    private const double TooOften = 0.03;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10), Late = TimeSpan.FromMilliseconds(20);

    private readonly Thread _thread;
    private volatile bool _ended;
    private int _wakes, _late;

    private Punctuality()
    {
        // A thread of its own: the pool's threads wait for one another.
        _thread = new Thread(Watch) { IsBackground = true, Name = "punctuality" };
        _thread.Start();
    }

    /// <summary>Begins to watch, until disposal.</summary>
    public static Punctuality Begin() => new();

    /// <summary>The share of wake-ups that came late, from 0 to 1.</summary>
    public double ShareLate => Volatile.Read(ref _wakes) is var wakes and > 0 ? (double)Volatile.Read(ref _late) / wakes : 0;

    /// <summary>A claim about time that did not hold on a machine that was too busy to tell is not run; every other one stays as it is.</summary>
    public Claim Judge(Claim claim) => claim is { OfTime: true, Held: false } && ShareLate > TooOften
        ? claim with { Held = null, Reason = $"{BusyMachine}: {ShareLate:0%} of wake-ups came more than {Late.TotalMilliseconds:0} ms late. Run it again when it is not." }
        : claim;

    /// <summary>How the reason of a claim begins that was not judged because of that.</summary>
    public const string BusyMachine = "the machine was busy with something else";

    private void Watch()
    {
        while (!_ended)
        {
            var began = Stopwatch.GetTimestamp();
            Thread.Sleep(Period);
            if (Stopwatch.GetElapsedTime(began) > Period + Late)
                Interlocked.Increment(ref _late);
            Interlocked.Increment(ref _wakes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _thread.Join();
    }
}
