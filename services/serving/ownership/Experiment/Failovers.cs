using Samples.Lab.Measuring;

namespace Samples.Experiments.Ownership;

/// <summary>
/// How long a task has no owner after its owner dies. Where a mechanism was late once in a few times, its owner dies more often until that
/// can be told from a stall of the machine.
/// </summary>
internal sealed class Failovers(ExperimentContext context, OwnershipView view, FaultRounds play)
{
    private const int MostRounds = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Breaks the owner of each task so many times, and says whether its successor came within the promised time.</summary>
    public async Task<IReadOnlyList<Claim>> MeasureAsync(
        Fault fault, string signal, Func<string, TimeSpan> promised, int rounds, CancellationToken cancel)
    {
        await play.BreakAsync(fault, rounds, cancel);
        var claims = new List<Claim>();
        foreach (var mechanism in FaultRounds.Mechanisms)
        {
            var failover = await JudgeAsync(fault, mechanism, promised(mechanism), cancel);
            await new Sampling(0, MostRounds, Limit).TakeAsync(
                async _ =>
                {
                    await play.BreakOwnerAsync(fault, mechanism, cancel);
                    failover = await JudgeAsync(fault, mechanism, promised(mechanism), cancel);
                },
                () => failover.Tells,
                context.Time);
            claims.Add(failover.ToClaim($"{mechanism}: another owner after {signal}"));
        }

        return claims;
    }

    private async Task<Timeliness> JudgeAsync(Fault fault, string mechanism, TimeSpan promised, CancellationToken cancel)
    {
        // What the others lost in that moment counts, too; and every replica must be there to be asked.
        await play.SettleAsync(cancel);
        var beliefs = (await view.BeliefsAsync(cancel))[mechanism].ToList();
        var failover = new Timeliness(promised);
        foreach (var loss in play.Losses.Where(l => l.Fault == fault && l.Mechanism == mechanism))
            failover.Add(UntilNext(loss, beliefs));
        return failover;
    }

    private static TimeSpan UntilNext(Loss loss, IEnumerable<Belief> beliefs) =>
        beliefs.Where(b => b.Term > loss.Term && b.At > loss.At).Select(b => (TimeSpan?)(b.At - loss.At)).Min() ?? Timeout.InfiniteTimeSpan;
}
