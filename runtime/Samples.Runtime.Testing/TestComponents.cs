using System.Collections.Concurrent;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Testing;

/// <summary>The components of a test by their names, as applications loaded them.</summary>
internal sealed class TestComponents
{
    private readonly ConcurrentDictionary<string, ComponentLine> _lines = new(StringComparer.Ordinal);

    /// <summary>Puts a component's line before its engine.</summary>
    public IEngine Between(string appId, Component component, IEngine engine)
    {
        var line = _lines.GetOrAdd(component.Name, _ => new ComponentLine(component));
        line.Engine = engine;
        return TestedEngine.Create(line, appId, engine);
    }

    /// <summary>The component's engine and line. Throws with what there is instead.</summary>
    public (T Engine, ComponentLine Line) Find<T>(string name, string what) where T : class, IEngine
    {
        if (_lines.TryGetValue(name, out var line))
        {
            return line.Engine is T engine
                ? (engine, line)
                : throw new TestDaprException($"component '{name}' ({line.Component.Type}) is not {what}.");
        }

        var known = string.Join(", ", _lines.Values.Where(l => l.Engine is T).Select(l => l.Component.Name).Order(StringComparer.Ordinal));
        throw new TestDaprException($"no application has {what} named '{name}'. " + (known.Length > 0
            ? $"There is: {known}."
            : "Add it with WithComponent, WithYaml or WithResources, and start an application: components begin with the first that may "
                + "see them."));
    }

    /// <summary>Nothing is broken any more.</summary>
    public void Repair()
    {
        foreach (var line in _lines.Values)
            line.Repair();
    }
}
