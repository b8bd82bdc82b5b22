namespace Samples.Experiments.ScatterGather;

/// <summary>What was measured with one number of leaves: for each search the whole time and each leaf's, in milliseconds.</summary>
internal sealed record LeafMeasure(int Leaves, IReadOnlyList<(double Whole, IReadOnlyList<double> Each)> Searches);

/// <summary>Simulated times of a whole search, in milliseconds.</summary>
internal sealed record Tail(int Leaves, double P50, double P99, double HedgedP99);

/// <summary>
/// Latency for any number of leaves, from measurements with a few. A leaf's time is a part that every request costs and a part that is
/// divided among the leaves, times a noise drawn from what was measured; the root waits for the slowest, and each answer costs it a
/// little. (The fan-out argument of Dean and Barroso, "The Tail at Scale", 2013, with this machine's own distribution.)
/// </summary>
internal sealed class TailModel
{
    private readonly double[] _noise;

    public TailModel(IReadOnlyList<LeafMeasure> measures)
    {
        (Fixed, Divided) = Line([.. measures.Select(m => (1.0 / m.Leaves, m.Searches.SelectMany(s => s.Each).Median()))]);
        (RootFixed, RootEach) = Line(
            [.. measures.Select(m => ((double)m.Leaves, m.Searches.Select(s => s.Whole - s.Each.Max()).Median()))]);
        _noise = [.. measures.SelectMany(m => Noise([.. m.Searches.SelectMany(s => s.Each)]))];
    }

    /// <summary>What every leaf needs whatever its share.</summary>
    public double Fixed { get; }

    /// <summary>What one leaf would need for all documents beyond that.</summary>
    public double Divided { get; }

    /// <summary>The root's and the sidecars' own time.</summary>
    public double RootFixed { get; }

    /// <summary>What each further answer costs the root.</summary>
    public double RootEach { get; }

    /// <summary>Simulates searches over a number of leaves.</summary>
    public Tail Simulate(int leaves, int searches, Random random)
    {
        var typical = Fixed + Divided / leaves;
        var late = typical * _noise.Quantile(0.95);
        var (plain, hedged) = (new double[searches], new double[searches]);
        for (var i = 0; i < searches; i++)
        {
            var root = RootFixed + RootEach * leaves;
            (plain[i], hedged[i]) = (root, root);
            var (slowest, slowestHedged) = (0.0, 0.0);
            for (var leaf = 0; leaf < leaves; leaf++)
            {
                var one = typical * Draw(random);
                slowest = Math.Max(slowest, one);
                slowestHedged = Math.Max(slowestHedged, one <= late ? one : Math.Min(one, late + typical * Draw(random)));
            }

            (plain[i], hedged[i]) = (root + slowest, root + slowestHedged);
        }

        return new Tail(leaves, plain.Median(), plain.Quantile(0.99), hedged.Quantile(0.99));
    }

    private double Draw(Random random) => _noise[random.Next(_noise.Length)];

    private static IEnumerable<double> Noise(double[] times)
    {
        var median = times.Median();
        return times.Select(t => t / median);
    }

    // Least squares; neither part can be negative, whatever noise says.
    private static (double Offset, double Slope) Line(IReadOnlyList<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(p => p.X), points.Average(p => p.Y));
        var slope = points.Sum(p => (p.X - x) * (p.Y - y)) / points.Sum(p => (p.X - x) * (p.X - x));
        slope = Math.Max(0, slope);
        var offset = y - slope * x;
        return offset >= 0 ? (offset, slope) : (0, points.Sum(p => p.X * p.Y) / points.Sum(p => p.X * p.X));
    }
}
