using System.Globalization;
using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Sharded;

/// <summary>A router with what is behind it, as a client has it.</summary>
/// <param name="Router">The program that knows whose key it is.</param>
/// <param name="Shards">The programs that remember.</param>
/// <param name="IsHit">Asks for a key, and has it remembered where it was not.</param>
/// <param name="Others">What else has to be closed.</param>
internal sealed record Side(Tool Router, IReadOnlyList<Tool> Shards, Func<string, Task<bool>> IsHit, params IAsyncDisposable[] Others)
    : IAsyncDisposable
{
    /// <summary>Processor time that it has used so far: of the router, of its shards, and of both in the kernel.</summary>
    public Used Used
    {
        get
        {
            var (router, shards) = (Router.Times, Shards.Select(s => s.Times).ToList());
            return new Used(router.User + router.Kernel, Sum(shards, s => s.User + s.Kernel), router.Kernel + Sum(shards, s => s.Kernel));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var other in Others.Concat([Router]).Concat(Shards))
            await other.DisposeAsync();
    }

    private static TimeSpan Sum<T>(IEnumerable<T> all, Func<T, TimeSpan> one) => all.Aggregate(TimeSpan.Zero, (sum, s) => sum + one(s));
}

/// <summary>Processor time.</summary>
internal sealed record Used(TimeSpan Router, TimeSpan Shards, TimeSpan Kernel)
{
    public static Used operator -(Used a, Used b) => new(a.Router - b.Router, a.Shards - b.Shards, a.Kernel - b.Kernel);
}

/// <summary>What so many requests took.</summary>
internal sealed record Measured(int Requests, int Hits, Used Used)
{
    public double HitRate => (double)Hits / Requests;

    /// <summary>Requests a second of processor time.</summary>
    public double PerSecond => Requests / (Used.Router + Used.Shards).TotalSeconds;

    /// <summary>Where a request's time goes.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Each(Used.Router):0} µs a request in the router, {Each(Used.Shards):0} in the shards, "
        + $"{Each(Used.Kernel):0} of both in the kernel");

    private double Each(TimeSpan time) => time.TotalMicroseconds / Requests;
}
