using Samples.ShardMemory;
using Xunit;

namespace Samples.Services.Sharded;

public sealed class AnswerMemoryTests
{
    private static readonly long Each = AnswerMemory.BytesOf("/0", Of(1000));

    [Fact]
    public void The_limit_is_bytes_with_overhead_and_the_oldest_goes_for_the_new_one()
    {
        var memory = new AnswerMemory(Each * 3);
        for (var i = 0; i < 3; i++)
            Assert.True(memory.Put($"/{i}", Of(1000)));
        Assert.NotNull(memory.Find("/0"));
        Assert.True(memory.Put("/3", Of(1000)));
        // The one that nobody asked for longest, and it alone.
        Assert.Equal([true, false, true, true], Enumerable.Range(0, 4).Select(i => memory.Find($"/{i}") is not null));
        Assert.Equal((Each * 3, 3, 1L, 0L), memory.Usage);
    }

    [Fact]
    public void What_is_larger_than_the_limit_is_refused_and_nothing_has_to_go_for_it()
    {
        var memory = new AnswerMemory(Each * 3);
        memory.Put("/0", Of(1000));
        memory.Put("/1", Of(1000));
        Assert.False(memory.Put("/2", Of((int)Each * 3)));
        Assert.NotNull(memory.Find("/0"));
        Assert.Equal((Each * 2, 2, 0L, 1L), memory.Usage);
        // In the place of one that was small: what is known is not the answer any more.
        Assert.False(memory.Put("/1", Of((int)Each * 3)));
        Assert.Null(memory.Find("/1"));
        Assert.Equal(Each, memory.Usage.Bytes);
    }

    [Fact]
    public void One_large_answer_makes_room_for_itself()
    {
        var memory = new AnswerMemory(Each * 10);
        for (var i = 0; i < 10; i++)
            memory.Put($"/{i}", Of(1000));
        Assert.True(memory.Put("/l", Of(4000)));
        Assert.InRange(memory.Usage.Bytes, Each * 8, Each * 10);
        Assert.NotNull(memory.Find("/l"));
    }

    [Fact]
    public void An_answer_in_the_place_of_another_takes_its_own_bytes()
    {
        var memory = new AnswerMemory(Each * 3);
        memory.Put("/0", Of(1000));
        memory.Put("/0", Of(10));
        Assert.Equal(AnswerMemory.BytesOf("/0", Of(10)), memory.Usage.Bytes);
        memory.Clear();
        Assert.Equal((0L, 0), (memory.Usage.Bytes, memory.Usage.Count));
    }

    [Fact]
    public void Whatever_is_asked_in_whatever_order_it_holds_what_a_plain_list_would_hold()
    {
        var (random, plain) = (new Random(1), new List<(string Key, Answer Answer)>());
        var size = AnswerMemory.BytesOf("/00", Of(100, "word0"));
        var memory = new AnswerMemory(size * 10);
        for (var i = 0; i < 20_000; i++)
        {
            var key = $"/{random.Next(30):00}";
            var place = plain.FindIndex(e => e.Key == key);
            switch (random.Next(20))
            {
                case 0:
                    var word = $"word{random.Next(3)}";
                    memory.Drop(new Change(i, [[word]]));
                    plain.RemoveAll(e => e.Answer.DependsOn == word);
                    break;
                case 1 when random.Next(50) == 0:
                    memory.Clear();
                    plain.Clear();
                    break;
                case < 10:
                    Assert.Equal(place < 0 ? null : plain[place].Answer.Body, memory.Find(key)?.Body);
                    if (place < 0)
                        break;
                    plain.Add(plain[place]);
                    plain.RemoveAt(place);
                    break;
                default:
                    var answer = Of(100, $"word{random.Next(3)}");
                    memory.Put(key, answer);
                    if (place >= 0)
                        plain.RemoveAt(place);
                    plain.Add((key, answer));
                    if (plain.Count > 10)
                        plain.RemoveAt(0);
                    break;
            }

            Assert.Equal((plain.Count * size, plain.Count), (memory.Usage.Bytes, memory.Usage.Count));
        }
    }

    [Fact]
    public void A_change_voids_what_depends_on_it_alone()
    {
        var memory = new AnswerMemory(1 << 20);
        memory.Put("/read", Of(10, "read"));
        memory.Put("/read+stream", Of(10, "read stream"));
        memory.Put("/write", Of(10, "write"));
        memory.Put("/constant", Of(10, ""));
        // A document that had "read file" has "read stream" now: both searches may be different.
        memory.Drop(new Change(1, [["read", "file"], ["read", "stream"]]));
        Assert.Equal([false, false, true, true],
            new[] { "/read", "/read+stream", "/write", "/constant" }.Select(k => memory.Find(k) is not null));
        // No document has both words, neither before nor after.
        memory.Put("/file+stream", Of(10, "file stream"));
        memory.Drop(new Change(2, [["read", "file"], ["read", "stream"]]));
        Assert.NotNull(memory.Find("/file+stream"));
    }

    [Theory, InlineData(100, "word"), InlineData(1000, "word"), InlineData(100, null), InlineData(1000, null)]
    public void What_is_counted_is_what_the_heap_holds_to_a_tenth(int size, string? dependsOn)
    {
        const int count = 20_000;
        var (before, memory) = (GC.GetTotalMemory(forceFullCollection: true), new AnswerMemory(1L << 40));
        for (var i = 0; i < count; i++)
        {
            // Strings of its own, as from a network.
            var on = dependsOn is null ? "" : new string($"{dependsOn}{i}");
            memory.Put(new string($"/search?limit=10&q=word{i}"), Of(size, on, new string($"life{i}")));
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(memory);
        Assert.InRange((double)memory.Usage.Bytes / held, 0.9, 1.1);
    }

    private static Answer Of(int size, string dependsOn = "", string life = "life") =>
        new(200, "text/plain", new byte[size], dependsOn, new SourceTime(life, 1));
}
