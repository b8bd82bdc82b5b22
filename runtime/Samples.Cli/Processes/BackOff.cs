namespace Samples.Cli.Processes;

/// <summary>
/// How long a process that ends again and again waits for its next start: twice as long each time, until it has lived for a while.
/// </summary>
internal sealed class BackOff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200), Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);

    private TimeSpan _next = First;

    /// <summary>How often there was a wait.</summary>
    public int Attempt { get; private set; }

    /// <summary>The next wait, after a life of that length; one that somebody ended on purpose says nothing about the program.</summary>
    public TimeSpan Next(bool onPurpose, TimeSpan lived)
    {
        Attempt++;
        var wait = onPurpose || lived > Stable ? First : _next;
        _next = wait * 2 < Longest ? wait * 2 : Longest;
        return wait;
    }
}
