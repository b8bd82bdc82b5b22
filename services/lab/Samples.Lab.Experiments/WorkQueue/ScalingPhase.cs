namespace Samples.Lab.Experiments.WorkQueue;

/// <summary>
/// A steady load that one worker can bear, then twice that, then none. The load is chosen from the worker's measured time for an item, so
/// that the same happens on a fast and on a slow machine.
/// </summary>
internal sealed class ScalingPhase(ExperimentContext context, IFaults faults, QueueView queue, PictureFolder folder)
{
    // The queue's settings: it measures a period of 1 s, over 3 of them, and workers shall be 80% busy.
    private const double Busy = 0.8, LoadOfOne = 0.6;
    private const double FirstRate = 1;
    private const int Rounds = 2;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), Limit = Period * 3;

    // As large as a camera's, and PNG, which has to be decoded whole: what a worker does outweighs what the queue and this experiment do.
    private readonly byte[] _large = StreetPictures.Draw(seed: 5000, 4800, 3200, SkiaSharp.SKEncodedImageFormat.Png).Content;

    private int _put;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        // One worker at its ease tells how long a picture takes it.
        await WaitAsync(async () => await CountAsync(cancel) == 1, TimeSpan.FromSeconds(15), cancel);
        var (rate, seconds) = (FirstRate, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            await LoadAsync(rate, Limit + Period, then: null, cancel);
            seconds = (await queue.DemandAsync(cancel)).SecondsPerItem;
            rate = round < Rounds - 1 ? LoadOfOne / seconds : rate;
        }

        context.Observe(new Observation("seconds per item", seconds, $"a worker needs {seconds:0.000} s for a picture; {rate:0.0} pictures a second arrive"));
        var before = await CountAsync(cancel);

        context.Observe(new Observation("load", 2 * rate, $"the load doubles to {2 * rate:0.0} a second"));
        TimeSpan? reached = null;
        var predicted = 0;
        await LoadAsync(2 * rate, Limit * 2, async since =>
        {
            predicted = (int)Math.Ceiling(2 * rate * (await queue.DemandAsync(cancel)).SecondsPerItem / Busy);
            if (await CountAsync(cancel) >= predicted)
                reached ??= since;
            else
                reached = null;
        }, cancel);
        var after = await CountAsync(cancel);

        context.Observe(new Observation("load", 0, "the load ends"));
        var ended = context.Time.GetTimestamp();
        await WaitAsync(async () => await CountAsync(cancel) == 1, TimeSpan.FromSeconds(20), cancel);
        var down = context.Time.GetElapsedTime(ended);
        await WaitAsync(async () => (await queue.StatsAsync(cancel))["done"] == _put, TimeSpan.FromSeconds(20), cancel);
        return
        [
            new Claim($"scaling: after the load doubles, the number of workers is what the book's rule predicts ({predicted}) within 3 periods",
                $"{predicted} within {Limit.TotalSeconds:0} s", reached is { } at ? $"{before} to {after} after {at.TotalSeconds:0.0} s" : $"{after} after {2 * Limit.TotalSeconds:0} s",
                before < after && after == predicted && reached <= Limit),
            new Claim("and comes down to one after the load", "1", $"{await CountAsync(cancel)} after {down.TotalSeconds:0.0} s", await CountAsync(cancel) == 1),
        ];
    }

    // Puts pictures at a rate; in between tells how long it has been.
    private async Task LoadAsync(double rate, TimeSpan duration, Func<TimeSpan, Task>? then, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        for (var put = 0; context.Time.GetElapsedTime(began) is var since && since < duration;)
        {
            for (; put < since.TotalSeconds * rate; put++)
                folder.Put($"scale-{++_put:0000}.png", _large);
            if (then is not null)
                await then(since);
            context.Observe(new Observation("workers", await CountAsync(cancel)));
            await Task.Delay(100, cancel);
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
