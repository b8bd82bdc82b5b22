using System.Collections.Concurrent;

namespace Samples.Runtime.Apps.Members;

/// <summary>The ways to the sidecars of other processes, as the table of names wants them.</summary>
internal sealed class Relays : IAsyncDisposable
{
    private readonly Membership _membership;
    private readonly NameTable _names;
    private readonly ConcurrentDictionary<string, AppChannel> _channels = new(StringComparer.Ordinal);

    public Relays(Membership membership, NameTable names)
    {
        _membership = membership;
        _names = names;
        names.Missing = membership.Refresh;
        membership.Changed += Apply;
    }

    /// <summary>The way to a sidecar; null where it is gone.</summary>
    public AppChannel? Find(string member) => _channels.GetValueOrDefault(member);

    private void Apply(MemberTable table)
    {
        var others = table.Members.Where(m => m.Process != _membership.Process).ToList();
        foreach (var member in others)
        {
            // An application's port, protocol and access list stay as long as its sidecar.
            var channel = _channels.GetOrAdd(member.Id, _ => Create(member));
            channel.Show(member.IsAvailable, member.IsUnhealthy);
        }

        _names.SetOthers(others.ToLookup(m => m.AppId, m => _channels[m.Id], StringComparer.Ordinal));
        foreach (var gone in _channels.Keys.Except(others.Select(m => m.Id), StringComparer.Ordinal).ToList())
        {
            if (_channels.TryRemove(gone, out var channel))
                _ = channel.RetireAsync();
        }
    }

    private AppChannel Create(Member member) => new(
        new AppConnection(member.Protocol is null ? null : member.Port, member.Protocol ?? "http")
        {
            Relay = new Relay(member.Port, member.Key, () => _membership.Doubt(member.Process)),
        })
    { Access = member.Access };

    public async ValueTask DisposeAsync()
    {
        _membership.Changed -= Apply;
        foreach (var channel in _channels.Values)
            await channel.DisposeAsync();
    }
}
