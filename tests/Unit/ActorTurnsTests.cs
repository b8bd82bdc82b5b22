using CsCheck;
using Samples.Runtime.BuildingBlocks.Actors;
using Xunit;

namespace Samples.Unit;

public sealed class ActorTurnsTests
{
    private readonly ActorTurns _turns = new();

    [Fact]
    public async Task Turns_come_one_at_a_time_in_the_order_of_arrival()
    {
        Assert.Equal(Entry.Turn, await EnterAsync());
        var (second, third) = (EnterAsync(), EnterAsync());
        Assert.False(second.IsCompleted || third.IsCompleted);
        _turns.Leave();
        Assert.Equal(Entry.Turn, await second);
        Assert.False(third.IsCompleted);
        _turns.Leave();
        Assert.Equal(Entry.Turn, await third);
        _turns.Leave();
        Assert.False(_turns.IsBusy);
    }

    [Fact]
    public async Task A_chain_enters_its_own_turn_to_its_depth_and_no_other()
    {
        await EnterAsync("a");
        Assert.Equal(Entry.Reentry, await EnterAsync("a"));
        await Assert.ThrowsAsync<StackDepthException>(() => EnterAsync("a"));
        var other = EnterAsync("b");
        _turns.Leave();
        Assert.False(other.IsCompleted);
        _turns.Leave();
        Assert.Equal(Entry.Turn, await other);
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_queue_and_holds_nobody_up()
    {
        await EnterAsync();
        using var patience = new CancellationTokenSource();
        var impatient = _turns.EnterAsync(null, 1, false, patience.Token);
        var next = EnterAsync();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        _turns.Leave();
        Assert.Equal(Entry.Turn, await next);
    }

    [Fact]
    public async Task Who_waits_for_a_closed_activation_is_sent_away()
    {
        await EnterAsync();
        var waiting = EnterAsync();
        _turns.Close();
        _turns.Leave();
        Assert.Equal(Entry.Closed, await waiting);
        Assert.Equal(Entry.Closed, await EnterAsync());
    }

    [Fact]
    public async Task A_stall_tells_the_impatient_until_the_turn_ends()
    {
        await EnterAsync();
        var (impatient, patient) = (EnterAsync(), _turns.EnterAsync(null, 1, patient: true, TestContext.Current.CancellationToken));
        _turns.Stall();
        await Assert.ThrowsAsync<ActorStalledException>(() => impatient);
        await Assert.ThrowsAsync<ActorStalledException>(() => EnterAsync());
        Assert.True(_turns.Stalled.IsCompleted);
        _turns.Leave();
        Assert.Equal(Entry.Turn, await patient);
        Assert.False(_turns.Stalled.IsCompleted);
        // A stall after the turn is over is none.
        _turns.Leave();
        _turns.Stall();
        Assert.Equal(Entry.Turn, await EnterAsync());
    }

    [Fact]
    public void Whatever_happens_two_turns_never_overlap() => Gen.Int[0, 5].Array[1, 40].SampleAsync(async actions =>
    {
        var (turns, running, overlaps) = (new ActorTurns(), 0, 0);
        var all = actions.Select(action => Task.Run(async () =>
        {
            using var patience = new CancellationTokenSource();
            if (action == 0)
                patience.CancelAfter(TimeSpan.FromMilliseconds(1));
            if (action == 1)
                turns.Stall();
            try
            {
                var entry = await turns.EnterAsync(action == 2 ? "chain" : null, 32, patient: action != 3, patience.Token);
                if (entry == Entry.Closed)
                    return;
                if (entry == Entry.Turn && Interlocked.Increment(ref running) > 1)
                    Interlocked.Increment(ref overlaps);
                await Task.Yield();
                if (entry == Entry.Turn)
                    Interlocked.Decrement(ref running);
                turns.Leave();
            }
            catch (Exception error) when (error is OperationCanceledException or ActorStalledException)
            {
                // It did not get in.
            }
        })).ToList();
        await Task.WhenAll(all);
        return overlaps == 0 && !turns.IsBusy;
    }, iter: 200);

    private Task<Entry> EnterAsync(string? chain = null) =>
        _turns.EnterAsync(chain, 2, patient: false, TestContext.Current.CancellationToken);
}
