using System.Diagnostics;

namespace Samples.Benchmarks;

/// <summary>A closed loop: each client sends its next request when the last one was answered.</summary>
public static class Load
{
    /// <summary>
    /// Runs <paramref name="request"/> from <paramref name="clients"/> clients for <paramref name="duration"/>, after a warm-up of a
    /// third of it that is not counted.
    /// </summary>
    public static async Task<LoadResult> RunAsync(
        int clients, TimeSpan duration, Func<int, CancellationToken, Task> request, CancellationToken cancel)
    {
        await LoopAsync(clients, duration / 3, request, cancel);
        return await LoopAsync(clients, duration, request, cancel);
    }

    /// <summary>The same without a warm-up.</summary>
    public static async Task<LoadResult> LoopAsync(
        int clients, TimeSpan duration, Func<int, CancellationToken, Task> request, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        var each = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var latencies = new List<double>();
            while (Stopwatch.GetElapsedTime(began) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                await request(client, cancel);
                latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }

            return latencies;
        }, cancel)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        double[] all = [.. each.SelectMany(l => l)];
        Array.Sort(all);
        return new LoadResult(all, seconds);
    }
}

/// <summary>What a load measured.</summary>
/// <param name="Latencies">Milliseconds, ascending.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record LoadResult(double[] Latencies, double Seconds)
{
    /// <summary>Answered requests.</summary>
    public int Requests => Latencies.Length;

    /// <summary>Requests a second.</summary>
    public double Rate => Requests / Seconds;

    /// <summary>A quantile of the latency in milliseconds.</summary>
    public double Quantile(double q) => Latencies[(int)Math.Min(Requests - 1, q * Requests)];
}
