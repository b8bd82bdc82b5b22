using System.Collections.Concurrent;
using System.Collections.Immutable;
using Samples.Hashing;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// Which replica has which actor: one table for all sidecars of a run. What it promises: no two turns of one actor at the same time,
/// whatever happens to replicas. What it does not: that a turn of a replica that died had no effect, or that an actor is available
/// while the replica that has it in a turn neither answers nor dies.
/// </summary>
internal sealed class Placement
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<ActorId, Activation> _activations = new();
    private readonly HashSet<string> _knownTypes = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, ActorHost> _hosts = ImmutableDictionary<string, ActorHost>.Empty;
    private ImmutableDictionary<string, HashRing> _rings = ImmutableDictionary<string, HashRing>.Empty;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called after hosts came or went.</summary>
    public event Action? Changed;

    /// <summary>Called after a host of this process came or went, with the host and whether it gets actors now.</summary>
    public event Action<ActorHost, bool>? OwnChanged;

    /// <summary>Completes with the next change.</summary>
    public Task NextChange
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    /// <summary>Every activation that there is.</summary>
    public IEnumerable<Activation> Activations => _activations.Values;

    /// <summary>The host that an actor belongs to; null where no host has its type.</summary>
    public ActorHost? Owner(ActorId id) =>
        Volatile.Read(ref _rings).GetValueOrDefault(id.Type)?.Owner(id.Id) is { } name
            ? Volatile.Read(ref _hosts).GetValueOrDefault(name)
            : null;

    /// <summary>True where some host has, or once had, the type.</summary>
    public bool Knows(string type)
    {
        lock (_gate)
            return _knownTypes.Contains(type);
    }

    /// <summary>The activation of an actor, made where there is none.</summary>
    public Activation Activation(ActorId id) => _activations.GetOrAdd(id, static key => new Activation(key));

    /// <summary>Null where the actor is not in memory.</summary>
    public Activation? Find(ActorId id) => _activations.GetValueOrDefault(id);

    /// <summary>Forgets an activation whose turns are closed.</summary>
    public void Remove(Activation activation) => _activations.TryRemove(KeyValuePair.Create(activation.Id, activation));

    /// <summary>A host gets its share of actors from now on.</summary>
    public void Join(ActorHost host)
    {
        Change(hosts =>
        {
            _knownTypes.UnionWith(host.Types.Keys);
            return hosts.SetItem(host.Name, host);
        });
        OwnChanged?.Invoke(host, true);
    }

    /// <summary>A host gets no actors any more. Those that it has stay until their turns end.</summary>
    public void Leave(ActorHost host)
    {
        Change(hosts => hosts.GetValueOrDefault(host.Name) == host ? hosts.Remove(host.Name) : hosts);
        OwnChanged?.Invoke(host, false);
    }

    /// <summary>The hosts of other processes, all of them. One of this process that has the name of one of them goes first.</summary>
    public void SetRemote(IReadOnlyList<ActorHost> remote) => Change(hosts =>
    {
        var own = hosts.Where(h => h.Value.Remote is null).ToDictionary();
        var wanted = remote.Where(r => !own.ContainsKey(r.Name)).DistinctBy(r => r.Name).ToList();
        _knownTypes.UnionWith(wanted.SelectMany(r => r.Types.Keys));
        var now = hosts.Values.Where(h => h.Remote is not null).ToHashSet();
        return now.SetEquals(wanted) ? hosts : own.ToImmutableDictionary().AddRange(wanted.Select(r => KeyValuePair.Create(r.Name, r)));
    });

    private void Change(Func<ImmutableDictionary<string, ActorHost>, ImmutableDictionary<string, ActorHost>> change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            var hosts = change(_hosts);
            if (hosts == _hosts)
                return;
            var rings = hosts.Values.SelectMany(h => h.Types.Keys, (Host, Type) => (Type, Host.Name)).GroupBy(t => t.Type)
                .ToImmutableDictionary(g => g.Key, g => new HashRing(g.Select(t => t.Name)), StringComparer.Ordinal);
            // The hosts of the new rings are there before and after: a reader between the two finds none at worst, and asks again.
            Volatile.Write(ref _hosts, hosts);
            Volatile.Write(ref _rings, rings);
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.TrySetResult();
        Changed?.Invoke();
    }
}
