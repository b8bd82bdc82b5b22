using System.Diagnostics;

namespace Samples.Lab.Experiments;

/// <summary>
/// How punctual the machine is: a thread wants to wake every 10 ms and adds up by how much it is late. Where that is much, something else
/// takes the processors, and claims about time would say more about the machine than about the pattern. What counts is the worst moment: a
/// claim that fails because of a stall of one second fails in a tour of a minute, too.
/// </summary>
public sealed class Punctuality : IDisposable
{
    private const double TooMuch = 0.1;
    private const int SecondsOfMoment = 5;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10), Tolerated = TimeSpan.FromMilliseconds(20);

    private readonly Thread _thread;
    private readonly Queue<(long At, TimeSpan Lost)> _moment = new();
    private volatile bool _ended;
    private TimeSpan _lost;
    private double _worst;

    private Punctuality()
    {
        // A thread of its own: the pool's threads wait for one another.
        _thread = new Thread(Watch) { IsBackground = true, Name = "punctuality" };
        _thread.Start();
    }

    /// <summary>Begins to watch, until disposal.</summary>
    public static Punctuality Begin() => new();

    /// <summary>The share of the time by which wake-ups came late, from 0 to 1, in the five seconds in which it was highest.</summary>
    public double WorstShareLost => Volatile.Read(ref _worst);

    /// <summary>A claim about time that did not hold on a machine that was too busy to tell is not run; every other one stays as it is.</summary>
    public Claim Judge(Claim claim) => claim is { OfTime: true, Held: false } && WorstShareLost > TooMuch
        ? claim with { Held = null, Reason = $"{BusyMachine}: for {SecondsOfMoment} s, {WorstShareLost:0%} of the time was lost to wake-ups that came late. Run it again when it is not." }
        : claim;

    /// <summary>How the reason of a claim begins that was not judged because of that.</summary>
    public const string BusyMachine = "the machine was busy with something else";

    private void Watch()
    {
        while (!_ended)
        {
            var began = Stopwatch.GetTimestamp();
            Thread.Sleep(Period);
            Note(Stopwatch.GetElapsedTime(began) - Period);
        }
    }

    private void Note(TimeSpan late)
    {
        while (_moment.TryPeek(out var oldest) && Stopwatch.GetElapsedTime(oldest.At).TotalSeconds > SecondsOfMoment)
            _lost -= _moment.Dequeue().Lost;
        if (late <= Tolerated)
            return;
        _moment.Enqueue((Stopwatch.GetTimestamp(), late));
        _lost += late;
        Volatile.Write(ref _worst, Math.Max(_worst, Math.Min(1, _lost.TotalSeconds / SecondsOfMoment)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _thread.Join();
    }
}
