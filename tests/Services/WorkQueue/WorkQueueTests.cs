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
        await _queue.FinishAsync("a", lease.Lease, Machine.Cancel);
        // Saying it twice is saying it once: the answer to the first may have been lost.
        var item = await _queue.FinishAsync("a", lease.Lease, Machine.Cancel);
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
            await _queue.FailAsync("a", (await LeaseAsync()).Lease, "broken", Machine.Cancel);
            _time.Advance(TimeSpan.FromSeconds(wait) - TimeSpan.FromMilliseconds(1));
            Assert.Null(await _queue.LeaseAsync("w", Machine.Cancel));
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var item = await _queue.FailAsync("a", (await LeaseAsync()).Lease, "still broken", Machine.Cancel);
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
            await _queue.FailAsync("a", (await LeaseAsync()).Lease, "broken", Machine.Cancel);
        var (item, replayed) = await _queue.ReplayAsync("a", Machine.Cancel);
        Assert.Equal((ItemState.Queued, 0, true), (item!.State, item.Attempts, replayed));
        await _queue.FinishAsync("a", (await LeaseAsync()).Lease, Machine.Cancel);
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
        Assert.Equal(ItemState.Queued, (await _queue.FinishAsync("a", lost.Lease, Machine.Cancel))!.State);
        _time.Advance(TimeSpan.FromSeconds(1));
        var next = await LeaseAsync();
        Assert.Equal(2, next.Attempt);
        Assert.Equal(ItemState.Leased, (await _queue.FinishAsync("a", lost.Lease, Machine.Cancel))!.State);
        Assert.Equal(ItemState.Leased, (await _queue.FailAsync("a", lost.Lease, "late", Machine.Cancel))!.State);
        Assert.Equal(1, (await _queue.FinishAsync("a", next.Lease, Machine.Cancel))!.Completions);
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
            Assert.Equal(ItemState.Queued, (await _queue.HandBackAsync("a", (await LeaseAsync()).Lease, Machine.Cancel))!.State);
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

        Assert.Equal(ItemState.Done, (await _queue.FinishAsync("a", lease.Lease, Machine.Cancel))!.State);
    }

    [Fact]
    public async Task A_manager_that_takes_over_knows_all_and_leaves_running_leases_their_full_time()
    {
        await AddAsync([.. Enumerable.Range(0, 450).Select(i => $"item {i:000} ä%")]);
        var done = await LeaseAsync();
        await _queue.FinishAsync(done.Id, done.Lease, Machine.Cancel);
        var running = await LeaseAsync();
        _time.Advance(TimeSpan.FromSeconds(9));

        var other = NewQueue();
        await other.LoadAsync(Machine.Cancel);
        Assert.Equal((448, 1, 1), (other.Count()[ItemState.Queued], other.Count()[ItemState.Leased], other.Count()[ItemState.Done]));
        _time.Advance(TimeSpan.FromSeconds(9));
        await other.TakeBackAsync(Machine.Cancel);
        Assert.True(other.Renew(running.Id, running.Lease));
        Assert.Equal(ItemState.Done, (await other.FinishAsync(running.Id, running.Lease, Machine.Cancel))!.State);
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
