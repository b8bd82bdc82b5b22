using Dapr.Client;
using Microsoft.Extensions.Time.Testing;
using Samples.QueueManager;
using Xunit;
using Queue = Samples.QueueManager.WorkQueue;

namespace Samples.Services.WorkQueue;

/// <summary>The queue's rules, on a clock that the test moves and a state store behind a real sidecar.</summary>
public sealed class WorkQueueTests : IAsyncLifetime
{
    private static readonly QueueOptions Options = QueueSettings.Read(
        ("LEASE_SECONDS", "10"), ("BACKOFF_SECONDS", "1"), ("MAX_FAILURES", "3"));

    private readonly Machine _machine = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private DaprClient _dapr = null!;
    private Queue _queue = null!;

    public async ValueTask InitializeAsync()
    {
        var sidecar = await _machine.AddSidecarAsync("queue-manager");
        _dapr = new DaprClientBuilder().UseHttpEndpoint($"http://127.0.0.1:{sidecar.HttpPort}")
            .UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}").Build();
        _queue = NewQueue();
    }

    [Fact]
    public async Task An_item_is_leased_to_one_and_done_once()
    {
        await AddAsync("a");
        var lease = await LeaseAsync();
        Assert.Equal(("a", 10.0, 1), (lease.Id, lease.Seconds, lease.Attempt));
        Assert.Null(await _queue.LeaseAsync("other", Machine.Cancel));
        await _queue.FinishAsync("a", lease.Lease, next: null, Machine.Cancel);
        // Saying it twice is saying it once: the answer to the first may have been lost.
        var (item, _) = await _queue.FinishAsync("a", lease.Lease, next: null, Machine.Cancel);
        Assert.Equal((ItemState.Done, 1), (item!.State, item.Completions));
        Assert.Null(await _queue.LeaseAsync("other", Machine.Cancel));
    }

    [Fact]
    public async Task Two_items_with_one_id_are_one_item()
    {
        await AddAsync("a");
        await AddAsync("a", "b");
        Assert.Equal(2, _queue.Count()[ItemState.Queued]);
    }

    [Fact]
    public async Task A_failed_try_waits_twice_as_long_each_time_and_the_last_one_ends_in_a_dead_letter()
    {
        await AddAsync("a");
        foreach (var wait in (int[])[1, 2])
        {
            await _queue.FailAsync("a", (await LeaseAsync()).Lease, "broken", next: null, Machine.Cancel);
            _time.Advance(TimeSpan.FromSeconds(wait) - TimeSpan.FromMilliseconds(1));
            Assert.Null(await _queue.LeaseAsync("w", Machine.Cancel));
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var (item, _) = await _queue.FailAsync("a", (await LeaseAsync()).Lease, "still broken", next: null, Machine.Cancel);
        Assert.Equal((ItemState.Dead, 3, "still broken"), (item!.State, item.Attempts, item.Failure));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Null(await _queue.LeaseAsync("w", Machine.Cancel));
    }

    [Fact]
    public async Task A_replayed_dead_letter_is_as_good_as_new_and_nothing_else_can_be_replayed()
    {
        await AddAsync("a");
        Assert.False((await _queue.ReplayAsync("a", Machine.Cancel)).Replayed);
        for (var attempt = 0; attempt < 3; attempt++, _time.Advance(TimeSpan.FromMinutes(1)))
            await _queue.FailAsync("a", (await LeaseAsync()).Lease, "broken", next: null, Machine.Cancel);
        var (item, replayed) = await _queue.ReplayAsync("a", Machine.Cancel);
        Assert.Equal((ItemState.Queued, 0, true), (item!.State, item.Attempts, replayed));
        await _queue.FinishAsync("a", (await LeaseAsync()).Lease, next: null, Machine.Cancel);
        Assert.False((await _queue.ReplayAsync("a", Machine.Cancel)).Replayed);
        Assert.Null((await _queue.ReplayAsync("unknown", Machine.Cancel)).Item);
    }

    [Fact]
    public async Task A_lease_that_nobody_renews_is_taken_back_and_what_its_holder_says_later_does_not_count()
    {
        await AddAsync("a");
        var lost = await LeaseAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await _queue.TakeBackAsync(Machine.Cancel);
        Assert.True(_queue.Renew("a", lost.Lease), "exactly at its end a lease is still held");
        _time.Advance(TimeSpan.FromSeconds(10.1));
        await _queue.TakeBackAsync(Machine.Cancel);
        Assert.False(_queue.Renew("a", lost.Lease));
        Assert.Equal(ItemState.Queued, (await _queue.FinishAsync("a", lost.Lease, next: null, Machine.Cancel)).Item!.State);
        _time.Advance(TimeSpan.FromSeconds(1));
        var next = await LeaseAsync();
        Assert.Equal(2, next.Attempt);
        Assert.Equal(ItemState.Leased, (await _queue.FinishAsync("a", lost.Lease, next: null, Machine.Cancel)).Item!.State);
        Assert.Equal(ItemState.Leased, (await _queue.FailAsync("a", lost.Lease, "late", next: null, Machine.Cancel)).Item!.State);
        Assert.Equal(1, (await _queue.FinishAsync("a", next.Lease, next: null, Machine.Cancel)).Item!.Completions);
    }

    [Fact]
    public async Task Workers_that_die_or_stop_are_not_held_against_an_item_until_there_are_many_that_died()
    {
        await AddAsync("a");
        for (var loss = 1; loss < 20; loss++)
        {
            await LeaseAsync();
            _time.Advance(TimeSpan.FromSeconds(10.1));
            await _queue.TakeBackAsync(Machine.Cancel);
            _time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(ItemState.Queued, (await _queue.HandBackAsync("a", (await LeaseAsync()).Lease, Machine.Cancel)).Item!.State);
        }

        await LeaseAsync();
        _time.Advance(TimeSpan.FromSeconds(10.1));
        await _queue.TakeBackAsync(Machine.Cancel);
        Assert.Equal(1, _queue.Count()[ItemState.Dead]);
    }

    [Fact]
    public async Task Renewing_keeps_a_lease_for_as_long_as_the_work_takes()
    {
        await AddAsync("a");
        var lease = await LeaseAsync();
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(9));
            Assert.True(_queue.Renew("a", lease.Lease));
            await _queue.TakeBackAsync(Machine.Cancel);
        }

        Assert.Equal(ItemState.Done, (await _queue.FinishAsync("a", lease.Lease, next: null, Machine.Cancel)).Item!.State);
    }

    [Fact]
    public async Task A_manager_that_takes_over_knows_all_and_leaves_running_leases_their_full_time()
    {
        await AddAsync([.. Enumerable.Range(0, 450).Select(i => $"item {i:000} ä%")]);
        var done = await LeaseAsync();
        await _queue.FinishAsync(done.Id, done.Lease, next: null, Machine.Cancel);
        var running = await LeaseAsync();
        _time.Advance(TimeSpan.FromSeconds(9));

        var other = NewQueue();
        await other.LoadAsync(Machine.Cancel);
        Assert.Equal((448, 1, 1), (other.Count()[ItemState.Queued], other.Count()[ItemState.Leased], other.Count()[ItemState.Done]));
        _time.Advance(TimeSpan.FromSeconds(9));
        await other.TakeBackAsync(Machine.Cancel);
        Assert.True(other.Renew(running.Id, running.Lease));
        Assert.Equal(ItemState.Done, (await other.FinishAsync(running.Id, running.Lease, next: null, Machine.Cancel)).Item!.State);
    }

    [Fact]
    public async Task Two_managers_that_both_believe_to_be_active_neither_lease_an_item_twice_nor_add_it_twice()
    {
        var other = NewQueue();
        var added = await Task.WhenAll(_queue.AddAsync(["a"], Machine.Cancel), other.AddAsync(["a"], Machine.Cancel));
        Assert.Single(added, a => a);
        await _queue.LoadAsync(Machine.Cancel);
        await other.LoadAsync(Machine.Cancel);
        var leases = await Task.WhenAll(_queue.LeaseAsync("w1", Machine.Cancel), other.LeaseAsync("w2", Machine.Cancel));
        Assert.Single(leases, l => l is not null);
    }

    [Fact]
    public async Task Many_workers_at_once_get_every_item_once()
    {
        await AddAsync([.. Enumerable.Range(0, 100).Select(i => $"i{i}")]);
        var leases = await Task.WhenAll(Enumerable.Range(0, 110).Select(w => _queue.LeaseAsync($"w{w}", Machine.Cancel)));
        Assert.Equal(100, leases.OfType<ItemLease>().Select(l => l.Id).Distinct().Count());
        Assert.Equal(10, leases.Count(l => l is null));
    }

    [Fact]
    public async Task Who_ends_an_item_gets_the_next_in_one_call_as_long_as_there_is_one()
    {
        await AddAsync("a", "b");
        var (a, b) = await _queue.FinishAsync("a", (await LeaseAsync()).Lease, next: "w", Machine.Cancel);
        Assert.Equal((ItemState.Done, "b", 1), (a!.State, b!.Id, b.Attempt));
        Assert.True(_queue.Renew("b", b.Lease));
        var record = await new ItemBook(_dapr, Options).FindAsync("b", Machine.Cancel);
        Assert.Equal((ItemState.Leased, "w", b.Lease), (record!.State, record.Worker, record.Lease));
        // A failed one is not the next itself: it waits first.
        Assert.Null((await _queue.FailAsync("b", b.Lease, "broken", next: "w", Machine.Cancel)).Next);
        _time.Advance(TimeSpan.FromSeconds(1));
        var again = await LeaseAsync();
        Assert.Equal(("b", 2), (again.Id, again.Attempt));
        Assert.Null((await _queue.FinishAsync("b", again.Lease, next: "w", Machine.Cancel)).Next);
        Assert.Equal(2, _queue.Count()[ItemState.Done]);
    }

    [Fact]
    public async Task A_lost_lease_neither_ends_its_item_nor_gets_the_next()
    {
        await AddAsync("a", "b");
        var lost = await LeaseAsync();
        _time.Advance(TimeSpan.FromSeconds(10.1));
        await _queue.TakeBackAsync(Machine.Cancel);
        var (a, next) = await _queue.FinishAsync("a", lost.Lease, next: "w", Machine.Cancel);
        Assert.Equal((ItemState.Queued, null), (a!.State, a.Lease));
        Assert.Null(next);
        Assert.Equal("b", (await LeaseAsync()).Id);
    }

    [Fact]
    public async Task Saying_twice_that_an_item_ends_is_saying_it_once_and_gives_the_next_each_time()
    {
        await AddAsync("a", "b", "c");
        var lease = await LeaseAsync();
        Assert.Equal("b", (await _queue.FinishAsync("a", lease.Lease, next: "w", Machine.Cancel)).Next!.Id);
        // The answer was lost; "b" comes back when its lease is over.
        var (a, next) = await _queue.FinishAsync("a", lease.Lease, next: "w", Machine.Cancel);
        Assert.Equal((1, "c"), (a!.Completions, next!.Id));
        _time.Advance(TimeSpan.FromSeconds(10.1));
        await _queue.TakeBackAsync(Machine.Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("b", (await LeaseAsync()).Id);
    }

    [Fact]
    public async Task Where_another_manager_took_the_next_item_the_end_is_recorded_and_the_one_after_it_is_leased()
    {
        await AddAsync("a", "b", "c");
        var lease = await LeaseAsync();
        var other = NewQueue();
        await other.LoadAsync(Machine.Cancel);
        var taken = await other.LeaseAsync("w2", Machine.Cancel);
        Assert.Equal("b", taken!.Id);
        var (a, next) = await _queue.FinishAsync("a", lease.Lease, next: "w", Machine.Cancel);
        Assert.Equal((ItemState.Done, 1, "c"), (a!.State, a.Completions, next!.Id));
        Assert.Equal(ItemState.Done, (await other.FinishAsync("b", taken.Lease, next: null, Machine.Cancel)).Item!.State);
    }

    [Fact]
    public async Task Many_workers_that_end_and_take_at_once_through_two_managers_do_every_item_once()
    {
        await AddAsync([.. Enumerable.Range(0, 120).Select(i => $"i{i:000}")]);
        var other = NewQueue();
        await other.LoadAsync(Machine.Cancel);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async w =>
        {
            var (turns, name) = (w, $"w{w}");
            var lease = await _queue.LeaseAsync(name, Machine.Cancel);
            while (lease is not null)
            {
                // Now this manager, now the other: both believe to be active.
                var ended = await (turns++ % 2 == 0 ? _queue : other).FinishAsync(lease.Id, lease.Lease, name, Machine.Cancel);
                lease = ended.Next ?? await _queue.LeaseAsync(name, Machine.Cancel) ?? await other.LeaseAsync(name, Machine.Cancel);
            }
        }));
        var items = await new ItemBook(_dapr, Options).LoadAsync(Machine.Cancel);
        Assert.All(items, i => Assert.Equal((ItemState.Done, 1, 1), (i.State, i.Completions, i.Attempts)));
        Assert.Equal(120, items.Count);
    }

    [Theory]
    [InlineData("a.jpg", true), InlineData("with space é 日本 100%.jpg", true), InlineData("..hidden", true)]
    [InlineData("", false), InlineData("..", false), InlineData(".", false)]
    [InlineData("a/b", false), InlineData("a\\b", false), InlineData("a\nb", false)]
    public void An_id_is_what_can_be_a_file_name_and_a_part_of_a_path(string id, bool good) => Assert.Equal(good, Source.IsId(id));

    private Queue NewQueue() => new(new ItemBook(_dapr, Options), new Demand(Options, _time), Options, _time);

    private async Task AddAsync(params string[] ids) => Assert.True(await _queue.AddAsync(ids, Machine.Cancel));

    private async Task<ItemLease> LeaseAsync() =>
        await _queue.LeaseAsync("w", Machine.Cancel) ?? throw new InvalidOperationException("nothing is ready");

    public async ValueTask DisposeAsync()
    {
        _dapr.Dispose();
        await _machine.DisposeAsync();
    }
}
