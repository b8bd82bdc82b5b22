using System.Collections.Immutable;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Testing;

/// <summary>The line between the applications of a test and one component: where it breaks, and what passed.</summary>
internal sealed class ComponentLine(Component component)
{
    private ImmutableArray<Breakage> _breakages = [];
    private ImmutableArray<Member> _members = [];

    public Component Component => component;

    /// <summary>The engine itself, for looking into it.</summary>
    public IEngine? Engine { get; set; }

    /// <summary>What passed to a broker and was not asked for yet.</summary>
    public Mailbox<PublishedEvent> Published { get; } = new();

    /// <summary>The groups that a topic is delivered to. Throws where there are none.</summary>
    public IReadOnlyList<string> GroupsOf(string topic)
    {
        string[] groups = [.. _members.Where(m => m.Gets(topic)).Select(m => m.Group).Distinct()];
        if (groups.Length > 0)
            return groups;
        var others = string.Join(", ", _members.Select(m => $"'{m.Topic}' ('{m.AppId}')").Distinct().Order(StringComparer.Ordinal));
        throw new TestDaprException($"nobody is subscribed to topic '{topic}' of '{component.Name}'. " + (others.Length > 0
            ? $"There are subscriptions to: {others}."
            : "An application subscribes by its answer to GET /dapr/subscribe (MapSubscribeHandler), by a Subscription resource, or with a "
                + "stream."));
    }

    public void Repair()
    {
        foreach (var breakage in _breakages)
            breakage.Dispose();
    }

    /// <summary>Is told when a group is done with a message, once a try.</summary>
    public event Action<string, BrokerMessage>? Concluded;

    public void Conclude(string group, BrokerMessage message) => Concluded?.Invoke(group, message);

    public void Join(Member member) => ImmutableInterlocked.Update(ref _members, all => all.Add(member));

    public void Leave(Member member) => ImmutableInterlocked.Update(ref _members, all => all.Remove(member));

    public Breakage Break(Fault fault, TimeProvider time)
    {
        var breakage = new Breakage(component.Name, fault, time, b => ImmutableInterlocked.Update(ref _breakages, all => all.Remove(b)));
        ImmutableInterlocked.Update(ref _breakages, all => all.Add(breakage));
        return breakage;
    }

    /// <summary>One call of the component, as the faults let it.</summary>
    public async Task<T> PassAsync<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        foreach (var breakage in _breakages)
            await breakage.MeetAsync(cancel);
        return await call();
    }

    public Task PassAsync(Func<Task> call, CancellationToken cancel) => PassAsync(async () =>
    {
        await call();
        return true;
    }, cancel);

    /// <summary>Completes when nothing holds back what the component delivers.</summary>
    public async Task WhenConnectedAsync(CancellationToken cancel)
    {
        while (_breakages.FirstOrDefault(b => b.HoldsBackDeliveries) is { } gone)
            await gone.Repaired.WaitAsync(cancel);
    }

    /// <summary>A subscription of one replica.</summary>
    internal sealed class Member(string appId, string group, string topic)
    {
        public string AppId => appId;

        public string Group => group;

        public string Topic => topic;

        public bool Gets(string published) => topic == published
            || (topic.EndsWith('*') && published.StartsWith(topic[..^1], StringComparison.Ordinal));
    }
}
