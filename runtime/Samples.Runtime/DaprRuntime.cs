using System.Collections.Concurrent;
using Samples.Runtime.Apps;
using Samples.Runtime.Components;

namespace Samples.Runtime;

/// <summary>
/// The sidecars of one run on one machine. They share what applications on Dapr would share as servers: the engines of equal
/// components, and the table of names.
/// </summary>
public sealed class DaprRuntime(RuntimeOptions options) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Sidecar, byte> _sidecars = new();

    /// <summary>The running sidecars.</summary>
    public IReadOnlyCollection<Sidecar> Sidecars => [.. _sidecars.Keys];

    internal RuntimeOptions Options { get; } = options;

    internal NameTable Names { get; } = new();

    internal ComponentPool Components { get; } = new(options.Loggers, options.Time);

    /// <summary>
    /// Starts a sidecar: when this completes its APIs answer, whether or not the application runs yet. Throws
    /// <see cref="Resources.ResourceException"/> for a wrong resource or a port in use, and leaves nothing behind then.
    /// </summary>
    public async Task<Sidecar> AddSidecarAsync(SidecarOptions options, CancellationToken cancel = default)
    {
        var sidecar = await Sidecar.StartAsync(this, options, cancel);
        _sidecars.TryAdd(sidecar, 0);
        return sidecar;
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
        await Task.WhenAll(Sidecars.Select(RemoveSidecarAsync));
        await Components.DisposeAsync();
    }
}
