using Samples.Hashing;

namespace Samples.Experiments.Sharded;

/// <summary>So many shards, on paper.</summary>
/// <param name="Shards">How many.</param>
/// <param name="Worst">The largest share, to even.</param>
/// <param name="Moved">The part of the keys that one more shard takes.</param>
/// <param name="HitRate">By Che's approximation.</param>
/// <param name="Memory">Bytes of all shards together that are filled.</param>
/// <param name="RingBytes">What each router needs for the ring.</param>
internal sealed record Scale(int Shards, double Worst, double Moved, double HitRate, double Memory, double RingBytes);

/// <summary>
/// What nobody has the machines for, computed: the ring itself for spread and movement, Che's approximation for the hit rate. Keys are far
/// too many to draw them one by one; ranks that are nearly alike are one class.
/// </summary>
/// <param name="keys">How many different keys.</param>
/// <param name="skew">Of Zipf's law.</param>
/// <param name="answerBytes">What an answer takes, bookkeeping included.</param>
/// <param name="shardBytes">What a shard may take.</param>
internal sealed class ScaleModel(double keys, double skew, double answerBytes, double shardBytes)
{
    private const double Step = 1.02;

    // A point's place and its owner.
    private const int BytesAPoint = sizeof(ulong) + sizeof(int);

    /// <summary>With so many shards of so many points each.</summary>
    public Scale With(int shards, int points = HashRing.DefaultPoints)
    {
        var names = Enumerable.Range(1, shards + 1).Select(n => $"{n}").ToList();
        var shares = new HashRing(names.Take(shards), points).Shares();
        var moved = new HashRing(names, points).Shares()[names[^1]];
        // A shard has its share of every class: keys are spread by a hash that knows nothing of how popular they are.
        var classes = Classes();
        var hit = shares.Values.Sum(share =>
            share * CheModel.HitRate([.. classes.Select(c => c with { Count = c.Count * share })], shardBytes));
        return new Scale(shards, shares.Values.Max() * shards - 1, moved, hit,
            shares.Values.Sum(share => Math.Min(shardBytes, keys * share * answerBytes)), (double)shards * points * BytesAPoint);
    }

    private List<KeyClass> Classes()
    {
        var classes = new List<KeyClass>();
        for (var first = 1.0; first <= keys;)
        {
            var next = Math.Min(Math.Max(first + 1, Math.Floor(first * Step)), keys + 1);
            classes.Add(new KeyClass(Math.Pow((first + next - 1) / 2, -skew), answerBytes, next - first));
            first = next;
        }

        var sum = classes.Sum(c => c.Rate * c.Count);
        return [.. classes.Select(c => c with { Rate = c.Rate / sum })];
    }
}
