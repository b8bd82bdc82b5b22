using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.Apps.Members;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Components;

namespace Samples.Runtime;

/// <summary>
/// The sidecars of one run on one machine. They share what applications on Dapr would share as servers: the engines of equal
/// components, and the table of names.
/// </summary>
public sealed class DaprRuntime : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Sidecar, byte> _sidecars = new();
    private readonly SemaphoreSlim _joining = new(1);
    private int _disposed;

    /// <summary>A run without sidecars yet.</summary>
    public DaprRuntime(RuntimeOptions options)
    {
        Options = options;
        Components = new ComponentPool(options.Loggers, options.Time);
        Actors = new ActorSystem(options.ActorHealth, options.Time, options.Loggers, options.Delivered);
        var delivery = new JobDelivery(Names, Actors, options.Loggers.CreateLogger("scheduler"), options.Delivered);
        Schedulers = new SchedulerPool(delivery.DeliverAsync, options.Time, options.Loggers, isShared: options.MembersFile is not null);
        Actors.Placement.Changed += Schedulers.Wake;
    }

    /// <summary>The running sidecars.</summary>
    public IReadOnlyCollection<Sidecar> Sidecars => [.. _sidecars.Keys];

    internal RuntimeOptions Options { get; }

    internal NameTable Names { get; } = new();

    internal ComponentPool Components { get; }

    internal ActorSystem Actors { get; }

    internal SchedulerPool Schedulers { get; }

    /// <summary>The other processes of the machine; null for a run that is alone.</summary>
    internal Neighbours? Neighbours { get; private set; }

    internal OutboxClaims Outboxes { get; } = new();

    /// <summary>
    /// Starts a sidecar: when this completes its APIs answer, whether or not the application runs yet. Throws
    /// <see cref="Resources.ResourceException"/> for a wrong resource or a port in use, and leaves nothing behind then.
    /// </summary>
    public async Task<Sidecar> AddSidecarAsync(SidecarOptions options, CancellationToken cancel = default)
    {
        await JoinOthersAsync(cancel);
        var sidecar = await Sidecar.StartAsync(this, options, cancel);
        _sidecars.TryAdd(sidecar, 0);
        return sidecar;
    }

    private async Task JoinOthersAsync(CancellationToken cancel)
    {
        if (Options.MembersFile is not { } file)
            return;
        await _joining.WaitAsync(cancel);
        try
        {
            Neighbours ??= await Neighbours.JoinAsync(file, this);
        }
        finally
        {
            _joining.Release();
        }
    }

    /// <summary>Stops one sidecar; running deliveries finish first.</summary>
    public async Task RemoveSidecarAsync(Sidecar sidecar)
    {
        if (_sidecars.TryRemove(sidecar, out _))
            await sidecar.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        await Task.WhenAll(Sidecars.Select(RemoveSidecarAsync));
        await Schedulers.DisposeAsync();
        await Actors.DisposeAsync();
        if (Neighbours is not null)
            await Neighbours.DisposeAsync();
        _joining.Dispose();
        await Components.DisposeAsync();
    }
}
