using System.Diagnostics;
using Dapr.Actors;
using Dapr.Actors.Runtime;

namespace Samples.ActorApp;

/// <summary>What callers see of an account.</summary>
public interface IAccount : IActor
{
    Task<int> AddAsync();

    Task<int> GetAsync();

    Task RemindAsync(int milliseconds);
}

/// <summary>
/// Counts its calls in its state, and records when a turn began and ended, on the clock that all processes of a machine share.
/// </summary>
internal sealed class AccountActor(ActorHost host, TurnLog log) : Actor(host), IAccount, IRemindable
{
    public Task<int> AddAsync() => InTurnAsync(async () =>
    {
        var count = await StateManager.GetOrAddStateAsync("count", 0) + 1;
        await StateManager.SetStateAsync("count", count);
        await Task.Delay(Random.Shared.Next(3));
        // Within the recorded turn, so that a turn with an end is a committed one.
        await SaveStateAsync();
        return count;
    });

    public Task<int> GetAsync() => InTurnAsync(() => StateManager.GetOrAddStateAsync("count", 0));

    public Task RemindAsync(int milliseconds) => InTurnAsync(async () =>
    {
        await RegisterReminderAsync("once", null, TimeSpan.FromMilliseconds(milliseconds), TimeSpan.FromMilliseconds(-1));
        return -1;
    });

    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period) => InTurnAsync(() =>
    {
        log.Write($"remind {Id.GetId()}");
        return Task.FromResult(-1);
    });

    private async Task<int> InTurnAsync(Func<Task<int>> turn)
    {
        var number = log.NextTurn();
        log.Write($"begin {Id.GetId()} {number} {Stopwatch.GetTimestamp()}");
        var count = -1;
        try
        {
            return count = await turn();
        }
        finally
        {
            log.Write($"end {Id.GetId()} {number} {Stopwatch.GetTimestamp()} {count}");
        }
    }
}
