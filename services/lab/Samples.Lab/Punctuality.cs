using System.Diagnostics;

namespace Samples.Lab;

/// <summary>
/// How busy the machine is with something else: a thread that wants to wake every 10 ms adds up by how much it is late, and counts the
/// seconds in which others took more than a quarter of the processors (<see cref="OtherWork"/>): a scheduler that is fair to sleepers hides
/// that from the first. Of the lateness the worst moment counts, because a stall of one second spoils a claim in a tour of a minute, too.
/// Where either is much, claims about time would say more about the machine than about the pattern.
/// </summary>
public sealed class Punctuality : IDisposable
{
    private const string BusyMachine = "the machine was busy with something else", OneProcessor = "there is one processor";
    private const double TooMuchLost = 0.15, TooManySeconds = 0.05, MuchOfAll = 0.25;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10), Tolerated = TimeSpan.FromMilliseconds(20),
        Second = TimeSpan.FromSeconds(1), Moment = TimeSpan.FromSeconds(5);

    private readonly Thread _thread;
    private readonly Queue<(long At, TimeSpan Late)> _moment = new();
    private volatile bool _ended;
    private TimeSpan _lost;
    private double _worst;
    private int _seconds, _taken;

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

    /// <summary>The share of seconds in which others took much of the processors, from 0 to 1.</summary>
    public double ShareTaken => Volatile.Read(ref _seconds) is var seconds and > 0 ? (double)Volatile.Read(ref _taken) / seconds : 0;

    /// <summary>Both in words.</summary>
    public string Summary =>
        $"in the worst {Moment.TotalSeconds} s, {WorstShareLost:0.0%} of the time was lost to late wake-ups, and in {ShareTaken:0%} of the seconds others took more than {MuchOfAll:0%} of the processors";

    /// <summary>A claim about time that did not hold on a machine that was too busy to tell is not run; every other one stays as it is.</summary>
    public Claim Judge(Claim claim) => claim is { OfTime: true, Held: false } && (WorstShareLost > TooMuchLost || ShareTaken > TooManySeconds)
        ? claim with { Held = null, Reason = $"{BusyMachine}: {Summary}. Run it again when it is not." }
        : claim;

    /// <summary>A claim about what several processors do at the same time: not run where there is one.</summary>
    public static Claim SideBySide(Claim claim) => Environment.ProcessorCount > 1 ? claim : claim with { Held = null, Reason = $"{OneProcessor}, and what runs on it runs in turns" };

    /// <summary>True for the reason of a claim that was not run because of the machine, not of the pattern.</summary>
    public static bool IsReason(string? reason) => reason is not null
        && (reason.StartsWith(BusyMachine, StringComparison.Ordinal) || reason.StartsWith(OneProcessor, StringComparison.Ordinal));

    private void Watch()
    {
        var others = new OtherWork();
        var since = Stopwatch.GetTimestamp();
        while (!_ended)
        {
            if (Stopwatch.GetElapsedTime(since) >= Second)
            {
                since = Stopwatch.GetTimestamp();
                _taken += others.TakeShare() > MuchOfAll ? 1 : 0;
                _seconds++;
            }

            var began = Stopwatch.GetTimestamp();
            Thread.Sleep(Period);
            Note(Stopwatch.GetElapsedTime(began) - Period);
        }
    }

    private void Note(TimeSpan late)
    {
        while (_moment.TryPeek(out var oldest) && Stopwatch.GetElapsedTime(oldest.At) > Moment)
            _lost -= _moment.Dequeue().Late;
        if (late <= Tolerated)
            return;
        _moment.Enqueue((Stopwatch.GetTimestamp(), late));
        _lost += late;
        Volatile.Write(ref _worst, Math.Max(_worst, Math.Min(1, _lost / Moment)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _thread.Join();
    }
}
