using System.Diagnostics;

namespace Samples.Lab.Experiments;

/// <summary>
/// How punctual the machine is: a thread that wants to wake every 10 ms counts how often it was more than 20 ms late, and in how many seconds
/// others took more than a quarter of the processors (<see cref="OtherWork"/>): a scheduler that is fair to sleepers hides that from the first.
/// Where either is often, claims about time would say more about the machine than about the pattern.
/// </summary>
public sealed class Punctuality : IDisposable
{
    private const string BusyMachine = "the machine was busy with something else", OneProcessor = "there is one processor";
    private const double TooOften = 0.03, TooManySeconds = 0.05, MuchOfAll = 0.25;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10), Late = TimeSpan.FromMilliseconds(20), Second = TimeSpan.FromSeconds(1);

    private readonly Thread _thread;
    private volatile bool _ended;
    private int _wakes, _late, _seconds, _taken;

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

    /// <summary>The share of seconds in which others took much of the processors, from 0 to 1.</summary>
    public double ShareTaken => Volatile.Read(ref _seconds) is var seconds and > 0 ? (double)Volatile.Read(ref _taken) / seconds : 0;

    /// <summary>Both in words.</summary>
    public string Summary => $"{ShareLate:0.0%} of wake-ups came more than {Late.TotalMilliseconds:0} ms late, and in {ShareTaken:0%} of the seconds others took more than {MuchOfAll:0%} of the processors";

    /// <summary>A claim about time that did not hold on a machine that was too busy to tell is not run; every other one stays as it is.</summary>
    public Claim Judge(Claim claim) => claim is { OfTime: true, Held: false } && (ShareLate > TooOften || ShareTaken > TooManySeconds)
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
