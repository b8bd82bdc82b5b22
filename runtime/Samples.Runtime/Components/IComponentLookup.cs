using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>Finds the components of one sidecar.</summary>
public interface IComponentLookup
{
    /// <summary>Null where there is none of that name and kind, or it is scoped to other applications.</summary>
    T? Find<T>(string name) where T : class, IEngine;

    /// <summary>All that this application sees, in the order of definition, with their engines.</summary>
    IReadOnlyList<(Component Component, IEngine Engine)> All { get; }
}
