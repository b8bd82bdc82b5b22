namespace Samples.Lab.Measuring;

/// <summary>
/// How much may be measured: at least so many rounds, then more until the measurements can tell, within a number and a time.
/// </summary>
/// <param name="Least">Rounds in any case.</param>
/// <param name="Most">Rounds at most.</param>
/// <param name="Limit">No round begins later than this.</param>
public sealed record Sampling(int Least, int Most, TimeSpan Limit)
{
    /// <summary>Takes rounds; returns how many there were. Where the time was up first, the measurements are judged as they are.</summary>
    /// <param name="round">Measures once; gets the round's number, from 1.</param>
    /// <param name="tells">Whether the measurements so far can tell, such as <see cref="Comparison.Tells"/>.</param>
    /// <param name="time">The clock.</param>
    public async Task<int> TakeAsync(Func<int, Task> round, Func<bool> tells, TimeProvider time)
    {
        var began = time.GetTimestamp();
        for (var taken = 0; ; taken++)
        {
            if (taken >= Least && (taken >= Most || time.GetElapsedTime(began) >= Limit || tells()))
                return taken;
            await round(taken + 1);
        }
    }
}
