using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Components;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>
/// Takes events from the outbox of one store to the broker, in their order: publishes, then removes. What it finds at its start was left
/// by a runtime that was killed. While the broker cannot be reached it tries again, for as long as it takes.
/// </summary>
internal sealed class OutboxRelay : IAsyncDisposable
{
    private const int MostAtOnce = 100;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(32);

    private readonly IStateStore _store;
    private readonly OutboxSettings _settings;
    private readonly PubSubBlock _pubSub;
    private readonly TimeProvider _time;
    private readonly OutboxClaims _claims;
    private readonly ILogger _log;
    private readonly string _prefix;
    private readonly Channel<string> _committed = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running, _searching;
    private TaskCompletionSource _doubt = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutboxRelay(SidecarContext context, string component, IStateStore store, OutboxSettings settings, PubSubBlock pubSub)
    {
        _store = store;
        _settings = settings;
        _pubSub = pubSub;
        _time = context.Time;
        _claims = context.Outboxes;
        _log = context.Loggers.CreateLogger("sidecar." + context.AppId);
        // No application can reach such a key: its own must not hold the separator.
        _prefix = $"outbox||{context.AppId}||{component}||";
        _searching = Task.Run(SearchAsync);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Runs a commit that writes the events under the keys it is given; they are published when it succeeds.</summary>
    public async Task CommitAsync(IReadOnlyList<string> ids, Func<IReadOnlyList<string>, Task> commit)
    {
        string[] keys = [.. ids.Select(id => _prefix + id)];
        foreach (var key in keys)
            _claims.TryTake(_store, key);
        try
        {
            await commit(keys);
        }
        catch (Exception error)
        {
            foreach (var key in keys)
                _claims.Release(_store, key);
            // A caller who left, a time limit, a broken connection: it may have been committed all the same, now or in a moment.
            if (error is EngineTargetException or not (ETagMismatchException or InvalidETagException or EngineRequestException))
                Volatile.Read(ref _doubt).TrySetResult();
            throw;
        }

        foreach (var key in keys)
            _committed.Writer.TryWrite(key);
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _committed.Reader.WaitToReadAsync(_stop.Token))
            {
                var keys = new List<string>();
                while (keys.Count < MostAtOnce && _committed.Reader.TryRead(out var key))
                    keys.Add(key);
                await UntilDoneAsync("the events of a transaction are not published yet", () => RelayAsync(keys));
                keys.ForEach(key => _claims.Release(_store, key));
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The sidecar stops; the next start finds what is left.
        }
        finally
        {
            while (_committed.Reader.TryRead(out var key))
                _claims.Release(_store, key);
        }
    }

    private async Task RelayAsync(IReadOnlyList<string> keys)
    {
        var items = await _store.GetManyAsync(keys, _stop.Token);
        var kept = keys.Zip(items).Where(i => i.Second is not null).ToList();
        if (kept.Count == 0)
            return;
        await _pubSub.PublishEnvelopesAsync(_settings.PubSub, _settings.Topic, [.. kept.Select(i => i.Second!.Data)], _stop.Token);
        await _store.WriteAsync([.. kept.Select(i => new StateWrite.Delete(i.First))], _stop.Token);
    }

    // At the start, and for a while after a commit whose end nobody knows.
    private async Task SearchAsync()
    {
        try
        {
            await UntilDoneAsync("the outbox cannot be searched for events that were left", CollectAsync);
            while (true)
            {
                await Volatile.Read(ref _doubt).Task.WaitAsync(_stop.Token);
                Volatile.Write(ref _doubt, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                for (var pause = FirstPause; pause <= LongestPause; pause *= 2)
                {
                    await Task.Delay(pause, _time, _stop.Token);
                    await UntilDoneAsync("the outbox cannot be searched for events that were left", CollectAsync);
                }
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    private async Task CollectAsync()
    {
        foreach (var key in await _store.KeysWithPrefixAsync(_prefix, _stop.Token))
        {
            if (_claims.TryTake(_store, key))
                _committed.Writer.TryWrite(key);
        }
    }

    private async Task UntilDoneAsync(string problem, Func<Task> attempt)
    {
        for (var pause = FirstPause; ; pause = pause < LongestPause ? pause * 2 : pause)
        {
            try
            {
                await attempt();
                return;
            }
            catch (Exception error) when (!_stop.IsCancellationRequested)
            {
                _log.LogWarning("{What}: {Problem}", problem, error.Message);
            }

            await Task.Delay(pause, _time, _stop.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running, _searching);
        _stop.Dispose();
    }
}

/// <summary>Which events of outboxes somebody in this run takes care of, so that replicas do not publish one twice.</summary>
internal sealed class OutboxClaims
{
    private readonly ConcurrentDictionary<(IStateStore, string), byte> _taken = new();

    /// <summary>False where somebody has it already.</summary>
    public bool TryTake(IStateStore store, string key) => _taken.TryAdd((store, key), 0);

    /// <summary>Nobody has it any more.</summary>
    public void Release(IStateStore store, string key) => _taken.TryRemove((store, key), out _);
}
