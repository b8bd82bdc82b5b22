using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>What every state engine promises, asked of each.</summary>
public sealed class StateStoreTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-state-").FullName;

    public static TheoryData<string> Engines => ["state.in-memory", "state.sqlite"];

    [Theory, MemberData(nameof(Engines))]
    public async Task A_write_with_the_etag_that_was_read_wins_and_a_stale_one_is_refused(string engine)
    {
        await using var store = Open(engine);
        await Set(store, "k", "1");
        var first = (await Get(store, "k"))!.ETag;
        await Set(store, "k", "2", first);
        await Assert.ThrowsAsync<ETagMismatchException>(() => Set(store, "k", "3", first));
        Assert.Equal("2", Text(await Get(store, "k")));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task First_write_without_an_etag_needs_an_absent_key(string engine)
    {
        await using var store = Open(engine);
        await Set(store, "k", "1", null, Concurrency.FirstWrite);
        await Assert.ThrowsAsync<ETagMismatchException>(() => Set(store, "k", "2", null, Concurrency.FirstWrite));
        Assert.Equal("1", Text(await Get(store, "k")));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Keys_are_found_by_the_letters_of_their_prefix_in_order(string engine)
    {
        await using var store = Open(engine);
        foreach (var key in (string[])["a_||2", "a_||10", "ab||1", "a_"])
            await Set(store, key, "1");
        Assert.Equal(["a_||10", "a_||2"], await store.KeysWithPrefixAsync("a_||", Cancel));
        Assert.Empty(await store.KeysWithPrefixAsync("A_", Cancel));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_refused_write_undoes_its_whole_transaction_and_nothing_else(string engine)
    {
        await using var store = Open(engine);
        await Set(store, "x", "old");
        var refused = store.WriteAsync(
            [new StateWrite.Set("y", "1"u8.ToArray()), new StateWrite.Set("x", "2"u8.ToArray(), "99999")], Cancel);
        var accepted = Set(store, "z", "3");
        await Assert.ThrowsAsync<ETagMismatchException>(() => refused);
        await accepted;
        Assert.Null(await Get(store, "y"));
        Assert.Equal("old", Text(await Get(store, "x")));
        Assert.Equal("3", Text(await Get(store, "z")));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task An_item_is_gone_when_its_time_is_over_and_may_be_created_anew(string engine)
    {
        await using var store = Open(engine);
        await store.WriteAsync([new StateWrite.Set("t", "1"u8.ToArray(), Ttl: TimeSpan.FromSeconds(2))], Cancel);
        Assert.Equal(_time.GetUtcNow().AddSeconds(2), (await Get(store, "t"))!.Expires);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await Get(store, "t"));
        await Set(store, "t", "2", null, Concurrency.FirstWrite);
        Assert.Null((await Get(store, "t"))!.Expires);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Sixty_four_writers_that_compare_and_swap_one_counter_lose_no_increment(string engine)
    {
        await using var store = Open(engine);
        await Set(store, "n", "0");
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var item = await Get(store, "n");
                try
                {
                    await Set(store, "n", (int.Parse(Text(item)!) + 1).ToString(), item!.ETag);
                    return;
                }
                catch (ETagMismatchException)
                {
                    // Another writer was faster: read again.
                }
            }
        }, Cancel)));
        Assert.Equal("64", Text(await Get(store, "n")));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Any_sequence_of_writes_leaves_what_a_dictionary_would_hold(string engine)
    {
        var write = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 9], Gen.Bool, Gen.Bool);
        await write.Array[1, 30].SampleAsync(async writes =>
        {
            await using var store = Open(engine, Guid.NewGuid().ToString("N"));
            var model = new Dictionary<string, string>();
            foreach (var (key, value, delete, onlyIfNew) in writes)
            {
                var name = "k" + key;
                if (delete)
                {
                    await store.WriteAsync([new StateWrite.Delete(name)], Cancel);
                    model.Remove(name);
                }
                else if (onlyIfNew && model.ContainsKey(name))
                {
                    await Assert.ThrowsAsync<ETagMismatchException>(
                        () => Set(store, name, value.ToString(), null, Concurrency.FirstWrite));
                }
                else
                {
                    await Set(store, name, value.ToString(), null, onlyIfNew ? Concurrency.FirstWrite : Concurrency.LastWrite);
                    model[name] = value.ToString();
                }
            }

            for (var i = 0; i < 5; i++)
                Assert.Equal(model.GetValueOrDefault("k" + i), Text(await Get(store, "k" + i)));
        }, iter: 40, threads: 1);
    }

    [Fact]
    public async Task What_sqlite_acknowledged_is_there_after_it_was_opened_again()
    {
        await using (var store = Open("state.sqlite"))
            await Set(store, "k", "kept");
        await using var again = Open("state.sqlite");
        Assert.Equal("kept", Text(await Get(again, "k")));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IStateStore Open(string type, string file = "state")
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["connectionString"] = file + ".db" };
        var component = new Component("store", type, "v1", metadata, Origin.Code);
        return (IStateStore)EngineCatalog.All[type].Create(component, new EngineContext(_folder, _time, NullLoggerFactory.Instance));
    }

    private static Task<StateItem?> Get(IStateStore store, string key) => store.GetAsync(key, Cancel);

    private static Task Set(
        IStateStore store, string key, string value, string? etag = null, Concurrency concurrency = Concurrency.Unspecified) =>
        store.WriteAsync([new StateWrite.Set(key, Encoding.UTF8.GetBytes(value), etag, concurrency)], Cancel);

    private static string? Text(StateItem? item) => item is null ? null : Encoding.UTF8.GetString(item.Data.Span);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
