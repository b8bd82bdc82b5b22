namespace Samples.SearchRoot;

/// <summary>The replicas of one leaf: which to ask first, and which to avoid.</summary>
/// <param name="number">The leaf's number, from 1.</param>
/// <param name="appIds">A Dapr app id a replica.</param>
/// <param name="options">When a replica is an outlier, and for how long.</param>
/// <param name="time">The clock.</param>
public sealed class LeafGroup(int number, IReadOnlyList<string> appIds, RootOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Standing[] _replicas = [.. appIds.Select(id => new Standing(id))];
    private int _turn;

    /// <summary>The leaf's number.</summary>
    public int Number => number;

    /// <summary>
    /// The replicas in the order to ask: those in good standing take turns, outliers come last. One whose pause is over is tried first by
    /// one request, which is hedged like any other, so that nobody waits for the outcome.
    /// </summary>
    /// <param name="avoidOutliers">False: all take turns, whatever their standing.</param>
    public IReadOnlyList<string> InOrder(bool avoidOutliers = true)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var turn = _turn++ % _replicas.Length;
            Standing[] turned = [.. _replicas[turn..], .. _replicas[..turn]];
            if (!avoidOutliers)
                return [.. turned.Select(r => r.AppId)];
            var onTrial = Array.Find(turned, r => r.IsOutlier && r.AvoidUntil <= now);
            if (onTrial is not null)
                onTrial.AvoidUntil = now + onTrial.Pause;
            return
            [
                .. turned.OrderBy(r => r == onTrial ? 0 : r.IsOutlier ? 2 : 1).ThenBy(r => r.IsOutlier ? r.AvoidUntil : default)
                    .Select(r => r.AppId)
            ];
        }
    }

    /// <summary>It answered: in good standing again.</summary>
    public void Answered(string appId) =>
        Change(appId, replica => (replica.Misses, replica.IsOutlier, replica.Pause) = (0, false, default));

    /// <summary>
    /// It failed, or another replica that was asked later answered first. Being late for the deadline is no miss: without a second
    /// replica's answer to compare with, nobody knows whether the replica is slow or the question hard.
    /// </summary>
    public void Missed(string appId) => Change(appId, replica =>
    {
        if (++replica.Misses < options.OutlierMisses)
            return;
        replica.IsOutlier = true;
        replica.Pause = replica.Pause == default ? options.OutlierPause : Min(replica.Pause * 2, options.LongestPause);
        replica.AvoidUntil = time.GetUtcNow() + replica.Pause;
    });

    /// <summary>The replicas that are avoided now.</summary>
    public IReadOnlyList<string> Outliers
    {
        get
        {
            lock (_gate)
                return [.. _replicas.Where(r => r.IsOutlier).Select(r => r.AppId)];
        }
    }

    private void Change(string appId, Action<Standing> change)
    {
        lock (_gate)
            change(
                Array.Find(_replicas, r => r.AppId == appId) ?? throw new ArgumentException($"'{appId}' is no replica of leaf {number}."));
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class Standing(string appId)
    {
        public string AppId => appId;

        public int Misses { get; set; }

        public bool IsOutlier { get; set; }

        public DateTimeOffset AvoidUntil { get; set; }

        public TimeSpan Pause { get; set; }
    }
}
