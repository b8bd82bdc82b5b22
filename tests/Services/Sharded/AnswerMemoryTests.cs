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

    [Theory, InlineData(100), InlineData(1000)]
    public void What_is_counted_is_what_the_heap_holds_to_a_tenth(int size)
    {
        const int count = 20_000;
        var (before, memory) = (GC.GetTotalMemory(forceFullCollection: true), new AnswerMemory(1L << 40));
        for (var i = 0; i < count; i++)
        {
            // Strings of its own, as from a network.
            memory.Put(new string($"/search?limit=10&q=word{i}"), Of(size, new string($"word{i}"), new string($"life{i}")));
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(memory);
        Assert.InRange((double)memory.Usage.Bytes / held, 0.9, 1.1);
    }

    private static Answer Of(int size, string dependsOn = "", string life = "life") =>
        new(200, "text/plain", new byte[size], dependsOn, new SourceTime(life, 1));
}
