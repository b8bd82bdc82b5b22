using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Clocks;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// The actors of a run: placement, calls, timers, and the house-keeping that belongs to nobody's call (actors that moved or are idle
/// are deactivated).
/// </summary>
internal sealed class ActorSystem : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _background = new();
    private readonly ConcurrentDictionary<Activation, byte> _leaving = new();
    private readonly ConcurrentDictionary<string, ActorId[]> _leftBehind = new(StringComparer.Ordinal);
    private readonly ITimer _sweep;
    private readonly Task _timersStarted;

    public ActorSystem(ActorHealth health, TimeProvider time, ILoggerFactory loggers, Action<AppDelivery>? delivered = null)
    {
        _time = time;
        Health = health;
        Log = loggers.CreateLogger("actors");
        Router = new ActorRouter(Placement, time, Log);
        Timers = new Scheduler(null, (due, cancel) => ((TimerAppointment)due).CallAsync(Router, Log, delivered, cancel), time, Log);
        _timersStarted = Timers.StartAsync(CancellationToken.None);
        Router.Deactivated += id =>
            Track(Timers.RemoveAsync([.. Timers.List(TimerAppointment.Prefix(id)).Select(t => t.Key)], CancellationToken.None));
        Placement.Changed += () => EvictWhere(HasMoved);
        _sweep = time.CreateTimer(_ => EvictWhere(IsIdle), null, SweepInterval, SweepInterval);
    }

    public ActorHealth Health { get; }

    public ILogger Log { get; }

    public Placement Placement { get; } = new();

    public ActorRouter Router { get; }

    /// <summary>Timers live as long as the activation that set them, at most.</summary>
    public Scheduler Timers { get; }

    /// <summary>
    /// A host stops: nothing new goes there, its turns are waited for as long as its types say, then its actors are deactivated. A turn
    /// that takes longer keeps its actor until it ends.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="appStays">
    /// True where only the sidecar stops: what the application still has in memory is remembered for the next sidecar, or given up now.
    /// </param>
    public async Task LeaveAsync(ActorHost host, bool appStays)
    {
        Placement.Leave(host);
        var here = Placement.Activations.Where(a => a.Host == host).ToList();
        var patience = here
            .Select(a => host.Types[a.Id.Type])
            .Where(s => s.Drains)
            .Select(s => s.DrainTimeout)
            .DefaultIfEmpty(TimeSpan.Zero)
            .Max();
        var left = Task.WhenAll(here.Select(a => EvictAsync(a, () => a.Host == host)));
        Track(left);
        await Task.WhenAny(left, Task.Delay(patience, _time));
        host.MarkGone();
        if (!appStays)
            return;
        ActorId[] stays = [.. host.Stale, .. here.Where(a => a.Host == host).Select(a => a.Id)];
        // The next sidecar may be another process, which knows nothing of this one: then the application is told now, as by daprd.
        if (Router.Fence is null)
            _leftBehind[host.Name] = stays;
        else
            await Task.WhenAll(stays.Select(id => TellAsync(host, id)));
    }

    private async Task TellAsync(ActorHost host, ActorId id)
    {
        using var limit = new CancellationTokenSource(Health.Timeout, _time);
        try
        {
            await host.DeactivateAsync(id, limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            Log.LogWarning("the application could not be told that it does not have {Actor} any more: {Problem}", id, error.Message);
        }
    }

    /// <summary>Lets a host that has not joined yet know what an earlier sidecar of its application left behind.</summary>
    public void Inherit(ActorHost host)
    {
        if (!_leftBehind.TryRemove(host.Name, out var left))
            return;
        foreach (var id in left)
            host.MarkStale(id);
    }

    /// <summary>A host does not answer health probes: it gets nothing new, and who waits for a turn there is told.</summary>
    public void Suspend(ActorHost host)
    {
        host.Suspend();
        Placement.Leave(host);
        foreach (var activation in Placement.Activations.Where(a => a.Host == host))
            activation.Turns.Stall();
    }

    /// <summary>How many actors of each type a host has in memory.</summary>
    public IReadOnlyDictionary<string, int> Count(ActorHost host) =>
        Placement.Activations.Where(a => a.Host == host).GroupBy(a => a.Id.Type).ToDictionary(g => g.Key, g => g.Count());

    private bool IsIdle(Activation activation) =>
        _time.GetUtcNow() - activation.LastUsed >= (
            activation.Host is { } host ? host.Types[activation.Id.Type].IdleTimeout : SweepInterval);

    private bool HasMoved(Activation activation) => activation.Host is { } host && host != Placement.Owner(activation.Id);

    private void EvictWhere(Func<Activation, bool> leaves)
    {
        if (_stop.IsCancellationRequested)
            return;
        foreach (var activation in Placement.Activations.Where(leaves))
        {
            // One at a time an activation: a turn that lasts must not gather a queue of them.
            if (_leaving.TryAdd(activation, 0))
                Track(EvictAsync(activation, () => HasMoved(activation) || IsIdle(activation)));
        }
    }

    private async Task EvictAsync(Activation activation, Func<bool> still)
    {
        try
        {
            await Router.EvictAsync(activation, still, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The run ends.
        }
        finally
        {
            _leaving.TryRemove(activation, out _);
        }
    }

    private void Track(Task task)
    {
        _background.TryAdd(task, 0);
        var hold = _time.Hold();
        task.ContinueWith(done =>
        {
            _background.TryRemove(done, out _);
            hold?.Dispose();
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        await _stop.CancelAsync();
        await _timersStarted;
        await Timers.DisposeAsync();
        await Task.WhenAll(_background.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}

/// <summary>How a replica that has actors is watched.</summary>
/// <param name="Interval">The pause between two probes.</param>
/// <param name="Timeout">How long a probe may take.</param>
/// <param name="Failures">After so many in a row that failed, the replica gets no actors.</param>
public sealed record ActorHealth(TimeSpan Interval, TimeSpan Timeout, int Failures)
{
    /// <summary>A frozen replica is out after about five seconds; one that is only slow for a moment stays in.</summary>
    public static ActorHealth Default { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 2);
}
