using Samples.Experiments.Sharded;
using Samples.ShardMemory;
using Xunit;

namespace Samples.Services.Sharded;

/// <summary>What is predicted on paper, beside what a real memory does.</summary>
public sealed class ModelTests
{
    private const int Keys = 2000, Size = 500;

    [Theory, InlineData(100, 0.8), InlineData(400, 0.8), InlineData(1600, 0.8), InlineData(200, 1.2)]
    public void Che_says_what_a_memory_of_so_many_answers_does(int answers, double skew)
    {
        var (zipf, random) = (new Zipf(Keys, skew), new Random(1));
        var bytes = AnswerMemory.BytesOf("/0000", Of());
        var memory = new AnswerMemory(bytes * answers);
        var (hits, asked) = (0, 0);
        for (var i = 0; i < 120_000; i++)
        {
            var key = $"/{zipf.Next(random):0000}";
            var isHit = memory.Find(key) is not null;
            if (!isHit)
                memory.Put(key, Of());
            // The first ones fill it.
            (hits, asked) = i < 40_000 ? (0, 0) : (hits + (isHit ? 1 : 0), asked + 1);
        }

        var keys = Enumerable.Range(0, Keys).Select(k => new KeyClass(zipf.Probability(k), bytes)).ToList();
        var predicted = CheModel.HitRate(keys, bytes * answers);
        Assert.InRange((double)hits / asked, predicted - 0.01, predicted + 0.01);
    }

    [Fact]
    public void Where_everything_fits_everything_is_a_hit() =>
        Assert.Equal(1, CheModel.HitRate([new KeyClass(0.5, 100), new KeyClass(0.5, 100)], 200));

    [Fact]
    public void Many_keys_that_are_nearly_alike_are_one_class_and_the_same_hit_rate()
    {
        const double skew = 0.8, shard = 100 * 1000;
        var zipf = new Zipf(10_000, skew);
        var exact = CheModel.HitRate([.. Enumerable.Range(0, 10_000).Select(k => new KeyClass(zipf.Probability(k), 1000))], shard);
        Assert.Equal(exact, new ScaleModel(10_000, skew, 1000, shard).With(1, points: 1).HitRate, 0.005);
    }

    [Fact]
    public void A_thousand_shards_and_a_billion_keys()
    {
        var model = new ScaleModel(1e9, 0.8, 1024, 512.0 * 1024 * 1024);
        var (four, thousand) = (model.With(4), model.With(1000));
        Assert.True(four.HitRate < thousand.HitRate);
        Assert.InRange(four.Worst, 0, 0.1);
        Assert.InRange(thousand.Worst, 0, 0.15);
        Assert.InRange(thousand.Moved, 0.0008, 0.0012);
        Assert.InRange(thousand.Memory, 0.4e12, 0.6e12);
    }

    private static Answer Of() => new(200, "text/plain", new byte[Size], "", new SourceTime("life", 1));
}
