using Samples.Lab.Measuring;

namespace Samples.Experiments.WorkQueue;

/// <summary>
/// A steady load that one worker can bear, then twice that, then none. The load is chosen from the worker's measured time for an item, so
/// that the same happens on a fast and on a slow machine.
/// </summary>
internal sealed class ScalingPhase(ExperimentContext context, IFaults faults, QueueView queue, PictureFolder folder)
{
    // The queue's settings: a period of 1 s, workers shall be 80% busy, and there are at most 4.
    private const double Busy = 0.8, LoadOfOne = 0.6;
    private const int MostWorkers = 4;
    private const double FirstRate = 2, LeastRate = 0.5, MostRate = 25;
    private const int MostRounds = 6;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), Limit = Period * 3, Round = Period * 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A machine that stalls for a moment makes one doubling late: then the one in the middle of three counts.
    private static readonly Sampling Doublings = new(Least: 1, Most: 3, TimeSpan.FromMinutes(1));

    // Larger than a screen, and PNG, which has to be decoded whole: what a worker does outweighs what the queue and this experiment do.
    private readonly byte[] _large = StreetPictures.Draw(seed: 5000, 3600, 2400, SkiaSharp.SKEncodedImageFormat.Png).Content;
    private readonly List<Doubling> _doublings = [];

    private int _put, _last;

    // Workers before and after, what the rule says, when that many ran (null: never), and whether it came to exactly as many.
    private sealed record Doubling(int Before, int After, int Predicted, TimeSpan? Reached, bool Agrees)
    {
        public bool IsInTime => Before < Predicted && Agrees && Reached <= Limit;
    }

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var down = TimeSpan.Zero;
        await Doublings.TakeAsync(
            async _ =>
            {
                _doublings.Add(await DoubleAsync(cancel));
                down = await ComeDownAsync(cancel);
            },
            () => _doublings[^1].IsInTime && IsMostlyInTime,
            context.Time);
        await WaitAsync(async () => (await queue.StatsAsync(cancel))["done"] == _put, cancel);

        var shown = _doublings.Find(d => d.IsInTime == IsMostlyInTime)!;
        return
        [
            new Claim(
                "scaling: after the load doubles, as many workers run as the book's rule predicts, within 3 periods",
                $"{shown.Predicted} within {Limit.TotalSeconds:0} s",
                Describe(shown),
                IsMostlyInTime),
            new Claim("and come down to one after the load", "1", $"{_last} after {down.TotalSeconds:0.0} s", _last == 1),
        ];
    }

    private string Describe(Doubling shown)
    {
        var reached = shown.Reached is { } at ? $"after {at.TotalSeconds:0.0} s" : "never enough";
        var others = _doublings.Count > 1 ? $"; in time {_doublings.Count(d => d.IsInTime)} of {_doublings.Count} times" : "";
        return $"{shown.Before} to {shown.After}, {reached}{others}";
    }

    private bool IsMostlyInTime => _doublings.Count(d => d.IsInTime) * 2 > _doublings.Count;

    private async Task<Doubling> DoubleAsync(CancellationToken cancel)
    {
        var rate = await FindRateAsync(cancel);
        var doubling = new Doubling(await CountAsync(cancel), 0, 0, null, false);
        context.Observe(new Observation("load", 2 * rate, $"the load doubles to {2 * rate:0.0} a second"));
        await LoadAsync(2 * rate, Limit * 3, async since =>
        {
            // The rule with the true rate, which the queue can only estimate, and with the time for an item that workers need at this
            // moment: it grows when they share processors.
            var needed = Math.Ceiling(2 * rate * (await queue.DemandAsync(cancel)).SecondsPerItem / Busy);
            var predicted = (int)Math.Clamp(needed, 1, MostWorkers);
            var after = await CountAsync(cancel);
            doubling = doubling with
            {
                After = after,
                Predicted = predicted,
                Reached = doubling.Reached ?? (after >= predicted ? since : null),
                // A backlog of the first moments may ask for more for a while: it is over when the load is over the rule's number alone.
                Agrees = after == predicted,
            };
            return doubling is { Reached: not null, Agrees: true } && since > Limit;
        }, cancel);
        return doubling;
    }

    private async Task<TimeSpan> ComeDownAsync(CancellationToken cancel)
    {
        context.Observe(new Observation("load", 0, "the load ends"));
        var ended = context.Time.GetTimestamp();
        await WaitAsync(async () => (_last = await CountAsync(cancel)) == 1, cancel);
        return context.Time.GetElapsedTime(ended);
    }

    // The rate at which one worker is busy for 60% of its time: found by trying, because a worker's first items take longer.
    private async Task<double> FindRateAsync(CancellationToken cancel)
    {
        var rate = FirstRate;
        for (var round = 1; ; round++)
        {
            // What an earlier round left over, or a machine that is busy with other things, would look like a load that grows.
            await WaitAsync(async () => await CountAsync(cancel) == 1, cancel);
            await LoadAsync(rate, Round, then: null, cancel);
            var seconds = (await queue.DemandAsync(cancel)).SecondsPerItem;
            var load = rate * seconds;
            context.Observe(new Observation("seconds per item", seconds,
                $"a worker needs {seconds:0.000} s for a picture and is {load:P0} busy with {rate:0.0} pictures a second"));
            if (round == MostRounds || (round > 1 && Math.Abs(load - LoadOfOne) < 0.1 && await CountAsync(cancel) == 1))
                return rate;
            // Nothing done yet, on a machine that is very busy: no time is known. And no measurement may fill somebody's disk.
            rate = seconds > 0 ? Math.Clamp(LoadOfOne / seconds, LeastRate, MostRate) : rate;
        }
    }

    // Puts pictures at a rate until the time is over or `then` says that it is enough.
    private async Task LoadAsync(double rate, TimeSpan duration, Func<TimeSpan, Task<bool>>? then, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        for (var put = 0; context.Time.GetElapsedTime(began) is var since && since < duration;)
        {
            for (; put < since.TotalSeconds * rate; put++)
                folder.Put($"scale-{++_put:0000}.png", _large);
            if (then is not null && await then(since))
                return;
            context.Observe(new Observation("workers", await CountAsync(cancel)));
            await Task.Delay(50, cancel);
        }
    }

    private async Task<int> CountAsync(CancellationToken cancel) =>
        (await faults.ListAsync(cancel)).Count(r => r.AppId == "worker-host");

    private async Task WaitAsync(Func<Task<bool>> condition, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        while (!await condition() && context.Time.GetElapsedTime(began) < Patience)
            await Task.Delay(100, cancel);
    }
}
