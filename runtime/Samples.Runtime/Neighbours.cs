using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps.Members;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>
/// What ties this process to others with sidecars on the same machine: names, actors and the schedule are shared through one folder.
/// </summary>
internal sealed class Neighbours : IAsyncDisposable
{
    private readonly Membership _membership;
    private readonly Relays _relays;
    private readonly SharedPlacement _placement;

    private Neighbours(Membership membership, DaprRuntime runtime)
    {
        _membership = membership;
        _relays = new Relays(membership, runtime.Names);
        _placement = new SharedPlacement(
            membership, runtime.Actors.Placement, member => new RemoteActors(() => _relays.Find(member.Id)));
        runtime.Actors.Router.Fence = _placement;
        // What an actor's new host waits for is told at once.
        runtime.Actors.Router.Deactivated += _ => membership.Nudge();
        membership.Changed += _ => runtime.Schedulers.Wake();
    }

    /// <summary>Joins the processes of a file. Throws <see cref="ResourceException"/>.</summary>
    public static async Task<Neighbours> JoinAsync(string file, DaprRuntime runtime)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            var membership = await Membership.JoinAsync(Path.GetFullPath(file), runtime.Options.Loggers.CreateLogger("members"));
            var neighbours = new Neighbours(membership, runtime);
            await membership.StartAsync();
            return neighbours;
        }
        catch (Exception error) when (error is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new ResourceException(
                Origin.Code, $"the table of this machine's sidecars cannot be kept in '{file}': {error.Message}",
                "Make its folder writable, or name another file.");
        }
    }

    /// <summary>Shows a sidecar to the others.</summary>
    public Presence Present(Member member, ILogger log) => new(_membership, member with { Process = _membership.Process }, log);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _placement.Dispose();
        await _membership.DisposeAsync();
        await _relays.DisposeAsync();
    }
}
