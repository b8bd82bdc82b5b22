namespace Samples.FunctionHost;

/// <summary>What calls a function.</summary>
public sealed class Triggers
{
    internal List<(string Method, string Path)> Http { get; } = [];

    internal List<TopicTrigger> Topics { get; } = [];

    internal List<string> Bindings { get; } = [];

    /// <summary>Requests with this method and path. The first of a program answers <c>POST /</c>, too, as FaaS platforms ask.</summary>
    public Triggers Request(string method, string path)
    {
        Http.Add((method, path));
        return this;
    }

    /// <summary>Events of a topic.</summary>
    /// <param name="topic">Its name.</param>
    /// <param name="where">A condition over <c>event</c>: for what doesn't meet it, the function is not even started.</param>
    public Triggers Event(string topic, string? where = null)
    {
        Topics.Add(new TopicTrigger(topic, where));
        return this;
    }

    /// <summary>What an input binding brings, such as a cron's tick.</summary>
    public Triggers Binding(string name)
    {
        Bindings.Add(name);
        return this;
    }

    internal sealed record TopicTrigger(string Topic, string? Where);
}
