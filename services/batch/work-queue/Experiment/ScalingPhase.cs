namespace Samples.Experiments.WorkQueue;

/// <summary>
/// A steady load that one worker can bear, then twice that, then none. The load is chosen from the worker's measured time for an item, so
/// that the same happens on a fast and on a slow machine.
/// </summary>
internal sealed class ScalingPhase(ExperimentContext context, IFaults faults, QueueView queue, PictureFolder folder)
{
    // The queue's settings: a period of 1 s, and workers shall be 80% busy.
    private const double Busy = 0.8, LoadOfOne = 0.6;
    private const double FirstRate = 2, LeastRate = 0.5, MostRate = 25;
    private const int MostRounds = 6;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), Limit = Period * 3, Round = Period * 4;

    // Larger than a screen, and PNG, which has to be decoded whole: what a worker does outweighs what the queue and this experiment do.
    private readonly byte[] _large = StreetPictures.Draw(seed: 5000, 3600, 2400, SkiaSharp.SKEncodedImageFormat.Png).Content;

    private int _put;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var rate = await FindRateAsync(cancel);
        var before = await CountAsync(cancel);

        context.Observe(new Observation("load", 2 * rate, $"the load doubles to {2 * rate:0.0} a second"));
        TimeSpan? reached = null;
        var (predicted, after, agrees) = (0, 0, false);
        await LoadAsync(2 * rate, Limit * 3, async since =>
        {
            // The rule with the true rate, which the queue can only estimate, and with the time for an item that workers need at this moment:
            // it grows when they share processors.
            predicted = (int)Math.Ceiling(2 * rate * (await queue.DemandAsync(cancel)).SecondsPerItem / Busy);
            after = await CountAsync(cancel);
            if (after >= predicted)
                reached ??= since;
            // A backlog of the first moments may ask for more for a while: it is over when the load is over the rule's number alone.
            agrees = after == predicted;
            return reached is not null && agrees && since > Limit;
        }, cancel);

        context.Observe(new Observation("load", 0, "the load ends"));
        var ended = context.Time.GetTimestamp();
        await WaitAsync(async () => await CountAsync(cancel) == 1, TimeSpan.FromSeconds(30), cancel);
        var (last, down) = (await CountAsync(cancel), context.Time.GetElapsedTime(ended));
        await WaitAsync(async () => (await queue.StatsAsync(cancel))["done"] == _put, TimeSpan.FromSeconds(30), cancel);
        return
        [
            new Claim("scaling: after the load doubles, as many workers run as the book's rule predicts, within 3 periods",
                $"{predicted} within {Limit.TotalSeconds:0} s", reached is { } at ? $"{before} to {after} after {at.TotalSeconds:0.0} s" : $"{after} after {3 * Limit.TotalSeconds:0} s",
                before < predicted && agrees && reached <= Limit) { OfTime = true },
            new Claim("and come down to one after the load", "1", $"{last} after {down.TotalSeconds:0.0} s", last == 1) { OfTime = true },
        ];
    }

    // The rate at which one worker is busy for 60% of its time: found by trying, because a worker's first items take longer than later ones.
    private async Task<double> FindRateAsync(CancellationToken cancel)
    {
        var rate = FirstRate;
        for (var round = 1; ; round++)
        {
            // What an earlier round left over, or a machine that is busy with other things, would look like a load that grows.
            await WaitAsync(async () => await CountAsync(cancel) == 1, TimeSpan.FromSeconds(15), cancel);
            await LoadAsync(rate, Round, then: null, cancel);
            var (seconds, load) = ((await queue.DemandAsync(cancel)).SecondsPerItem, rate * (await queue.DemandAsync(cancel)).SecondsPerItem);
            context.Observe(new Observation("seconds per item", seconds, $"a worker needs {seconds:0.000} s for a picture and is {load:P0} busy with {rate:0.0} pictures a second"));
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

    private async Task<int> CountAsync(CancellationToken cancel) => (await faults.ListAsync(cancel)).Count(r => r.AppId == "worker-host");

    private async Task WaitAsync(Func<Task<bool>> condition, TimeSpan patience, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        while (!await condition() && context.Time.GetElapsedTime(began) < patience)
            await Task.Delay(100, cancel);
    }
}
