using Samples.Hashing;
using Samples.Runtime.Apps.Members;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// Placement over the processes of one machine. Who gets actors stands in a file, in versions. A process that takes over a version begins
/// no turn any more of what belongs elsewhere in it, and says so, with what it still has: its running turns end first, however long they
/// take. An actor begins on its new host when every process has taken over the version and none has it any more. So no two turns of an
/// actor run at a time, whichever replicas come and go. A process that died has nothing; one that is stopped (SIGSTOP) holds up the
/// actors that change hands until it goes on or is killed.
/// </summary>
internal sealed class SharedPlacement : IActorFence, IDisposable
{
    // Behind the name of an actor that is held by a turn on a replica that does not answer.
    private const string Stalled = "\n(stalled)";

    private readonly Lock _gate = new();
    private readonly Membership _membership;
    private readonly Placement _placement;
    private readonly Func<Member, IRemoteActors> _ways;
    private readonly Dictionary<string, (Member Member, ActorHost Host)> _remote = new(StringComparer.Ordinal);
    private MemberTable _table = MemberTable.Empty;
    private Dictionary<string, HashRing> _rings = [];
    private HashSet<string> _heldElsewhere = [];
    private bool _isOpen;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="membership">The processes.</param>
    /// <param name="placement">Gets the hosts of other processes.</param>
    /// <param name="ways">The way to the actors of another sidecar.</param>
    public SharedPlacement(Membership membership, Placement placement, Func<Member, IRemoteActors> ways)
    {
        _membership = membership;
        _placement = placement;
        _ways = ways;
        membership.Changed += Apply;
        membership.Report = Report;
    }

    public async Task<bool> BeginAsync(ActorId id, ActorHost host, Action begin)
    {
        while (true)
        {
            var moved = _placement.NextChange;
            if (_placement.Owner(id) != host)
                return false;
            Task changed;
            lock (_gate)
            {
                if (_isOpen && Owner(id) == host.Name && !IsHeld(id))
                {
                    begin();
                    return true;
                }

                if (_heldElsewhere.Contains(id + Stalled))
                    throw new ActorStalledException();

                changed = _changed.Task;
            }

            // What this process knows of its own hosts may be ahead of the file by a moment.
            await Task.WhenAny(changed, moved);
        }
    }

    private bool IsHeld(ActorId id) => _heldElsewhere.Contains(id.ToString()) || _heldElsewhere.Contains(id + Stalled);

    public void Refresh() => _membership.Refresh();

    private string? Owner(ActorId id) => _rings.GetValueOrDefault(id.Type)?.Owner(id.Id);

    private void Apply(MemberTable table)
    {
        var others = table.Members.Where(m => m.Process != _membership.Process && m.ActorTypes.Count > 0).ToList();
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (table.Version != _table.Version)
            {
                _rings = table.Members.SelectMany(m => m.ActorTypes, (Member, Type) => (Type, Member.Replica)).GroupBy(t => t.Type)
                    .ToDictionary(g => g.Key, g => new HashRing(g.Select(t => t.Replica)), StringComparer.Ordinal);
            }

            _table = table;
            var processes = table.Processes.Where(p => p.Key != _membership.Process).Select(p => p.Value).ToList();
            // A sidecar that takes the place of another for one application waits for the end of that one.
            var isClear = table.Members.Where(m => m.ActorTypes.Count > 0).GroupBy(m => m.Replica).All(g => g.Count() == 1);
            _isOpen = isClear && processes.TrueForAll(p => p.Accepted >= table.Version);
            _heldElsewhere = [.. processes.SelectMany(p => p.Held)];
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        _placement.SetRemote([.. others.Select(HostOf)]);
        foreach (var gone in _remote.Keys.Except(others.Select(m => m.Id), StringComparer.Ordinal).ToList())
            _remote.Remove(gone);
        changed.TrySetResult();
    }

    private ActorHost HostOf(Member member)
    {
        if (_remote.TryGetValue(member.Id, out var known) && known.Member.ActorTypes.SequenceEqual(member.ActorTypes))
            return known.Host;
        var host = new ActorHost(member.Replica, null!, member.ActorTypes.ToDictionary(t => t, _ => new ActorSettings()))
        {
            Remote = _ways(member),
        };
        _remote[member.Id] = (member, host);
        return host;
    }

    // What is activated here and belongs elsewhere; in one step with the version that says so.
    private ProcessReport Report()
    {
        lock (_gate)
        {
            return new ProcessReport(_table.Version,
            [
                .. _placement.Activations.Select(a => (a.Id, a.Host)).Where(a => a.Host is not null && Owner(a.Id) != a.Host.Name)
                    .Select(a => a.Id + (a.Host!.IsSuspended ? Stalled : "")).Order(StringComparer.Ordinal),
            ]);
        }
    }

    public void Dispose()
    {
        _membership.Changed -= Apply;
        _membership.Report = null;
    }
}
