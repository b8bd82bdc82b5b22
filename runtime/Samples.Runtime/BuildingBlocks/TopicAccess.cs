using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Which topics of a pub/sub component an application may publish and subscribe to, by the component's metadata.</summary>
internal sealed class TopicAccess(Component component, string appId)
{
    private readonly List<string> _allowed = Topics(component.Metadata.GetValueOrDefault("allowedTopics", ""));
    private readonly List<string> _protected = Topics(component.Metadata.GetValueOrDefault("protectedTopics", ""));
    private readonly List<string> _publishing = Scope(component.Metadata.GetValueOrDefault("publishingScopes", ""), appId);
    private readonly List<string> _subscription = Scope(component.Metadata.GetValueOrDefault("subscriptionScopes", ""), appId);

    public bool MayPublish(string topic) => IsAllowed(topic, _publishing);

    public bool MaySubscribe(string topic) => IsAllowed(topic, _subscription);

    private bool IsAllowed(string topic, List<string> scope)
    {
        if (_allowed.Count > 0 && !_allowed.Contains(topic))
            return false;
        // A protected topic is only for those that a scope names; without any scope, all others are for everybody.
        return scope.Count == 0 ? !_protected.Contains(topic) : scope.Contains(topic);
    }

    private static List<string> Topics(string list) =>
        [.. list.Replace(" ", "", StringComparison.Ordinal).Split(',').Where(t => t.Length > 0)];

    // app1=topic1,topic2;app2=;app3=topic3: an application that is named without topics has a scope that nothing is in.
    private static List<string> Scope(string scopes, string appId) =>
        [
            .. scopes
                .Replace(" ", "", StringComparison.Ordinal)
                .Split(';')
                .Select(s => s.Split('=', 2))
                .Where(s => s.Length == 2 && s[0] == appId)
                .SelectMany(s => s[1].Split(','))
        ];
}
