using Samples.Hashing;

namespace Samples.Experiments.Sharded;

/// <summary>On paper to 1,000 shards and a billion keys, and measured as far as this process can.</summary>
internal sealed class ScalePhase(ExperimentContext context, Random random)
{
    private const double Keys = 1e9, Skew = 0.8, AnswerBytes = 1024, ShardBytes = 512.0 * 1024 * 1024;
    private const int Tried = 64, TriedKeys = 400_000;
    private const double Agreement = 0.05;
    private static readonly int[] Sizes = [1, 4, 16, 64, 256, 1000];

    public IReadOnlyList<Claim> Run()
    {
        var model = new ScaleModel(Keys, Skew, AnswerBytes, ShardBytes);
        var scales = Sizes.Select(n => model.With(n)).ToList();
        foreach (var s in scales)
        {
            context.Observe(new Observation($"paper, {s.Shards,4} shards", s.HitRate,
                $"{s.Shards,4} shards: busiest {s.Worst:P1} over even, one more moves {s.Moved:P2}, hit rate {s.HitRate:P1}, "
                + $"{s.Memory / (1 << 30):0.0} GiB, ring {s.RingBytes / (1 << 20):0.0} MiB"));
        }

        var last = scales[^1];
        return
        [
            new Claim(
                "on paper, 1,000 shards and a billion keys: the fullest shard over even, and keys that move when one joins",
                "at most 15%, at most 0.12%",
                $"{last.Worst:P1}, {last.Moved:P3}",
                last.Worst <= 0.15 && last.Moved <= 0.0012),
            Measured(),
        ];
    }

    // The same numbers from real keys: where the shares of the circle say so, they have to lie.
    private Claim Measured()
    {
        var names = Enumerable.Range(1, Tried + 1).Select(n => $"{n}").ToList();
        var (ring, next) = (new HashRing(names.Take(Tried)), new HashRing(names));
        var (owned, moved) = (new Dictionary<string, int>(StringComparer.Ordinal), 0);
        for (var i = 0; i < TriedKeys; i++)
        {
            var key = $"/search?limit=10&q={random.NextInt64():x}";
            var owner = ring.Owner(key);
            owned[owner] = owned.GetValueOrDefault(owner) + 1;
            moved += owner == next.Owner(key) ? 0 : 1;
        }

        var off = ring.Shares().Max(s => Math.Abs(owned.GetValueOrDefault(s.Key) / (s.Value * TriedKeys) - 1));
        var (share, expected) = ((double)moved / TriedKeys, next.Shares()[names[^1]]);
        return new Claim(
            $"and measured with {TriedKeys} keys over {Tried} shards: furthest from what the circle says, in keys and in keys that move",
            $"within {Agreement:P0}",
            $"{off:P1}, {Math.Abs(share / expected - 1):P1}",
            off <= Agreement && Math.Abs(share / expected - 1) <= Agreement);
    }
}
