namespace Samples.Experiments.Sharded;

/// <summary>Keys that are alike.</summary>
/// <param name="Rate">How likely the next request is for one of them.</param>
/// <param name="Bytes">What one of them takes.</param>
/// <param name="Count">How many there are.</param>
internal readonly record struct KeyClass(double Rate, double Bytes, double Count = 1);

/// <summary>
/// The hit rate of an LRU memory, for requests that are independent of each other (H. Che, Y. Tung, Z. Wang, "Hierarchical Web Caching
/// Systems", 2002; why it is so exact: C. Fricker, P. Robert, J. Roberts, "A Versatile and Accurate Approximation for LRU Cache
/// Performance", 2012). A key is in memory if it was asked for within the last T requests, and T is what fills the memory.
/// </summary>
internal static class CheModel
{
    /// <summary>The characteristic time T, in requests; infinite where everything fits.</summary>
    public static double Time(IReadOnlyList<KeyClass> keys, double capacity)
    {
        if (keys.Sum(k => k.Bytes * k.Count) <= capacity)
            return double.PositiveInfinity;
        var (low, high) = (0.0, 1.0);
        while (Filled(keys, high) < capacity)
            high *= 2;
        for (var i = 0; i < 100; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Filled(keys, middle) < capacity ? (middle, high) : (low, middle);
        }

        return high;
    }

    /// <summary>How likely a request for a key of this rate finds it in memory.</summary>
    public static double Hit(double rate, double time) => double.IsInfinity(time) ? 1 : 1 - Math.Exp(-rate * time);

    /// <summary>How likely any request finds its key in memory.</summary>
    public static double HitRate(IReadOnlyList<KeyClass> keys, double capacity)
    {
        var time = Time(keys, capacity);
        return keys.Sum(k => k.Rate * k.Count * Hit(k.Rate, time)) / keys.Sum(k => k.Rate * k.Count);
    }

    private static double Filled(IReadOnlyList<KeyClass> keys, double time) => keys.Sum(k => k.Count * k.Bytes * Hit(k.Rate, time));
}
