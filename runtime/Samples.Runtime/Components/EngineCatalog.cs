using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>What an engine gets to start with.</summary>
/// <param name="BaseDirectory">Relative paths in metadata resolve here: the app directory, as with daprd.</param>
/// <param name="Time">The clock; tests pass their own.</param>
/// <param name="Loggers">For the engine's log lines.</param>
public sealed record EngineContext(string BaseDirectory, TimeProvider Time, ILoggerFactory Loggers);

/// <summary>One engine type: its Dapr name, the metadata it knows, and how it is made.</summary>
/// <param name="Type">The Dapr type name, for example <c>state.sqlite</c>.</param>
/// <param name="Settings">The metadata keys it knows. Others stop the start, with this list in the message.</param>
/// <param name="Create">Makes an engine; throws <see cref="ResourceException"/> for a wrong value.</param>
/// <param name="SharedAs">
/// A key that is equal for two components that mean the same server or file; engines with equal keys and types are one instance
/// for all sidecars of a run. Null means: never shared between component definitions.
/// </param>
public sealed record EngineType(
    string Type,
    IReadOnlyList<EngineSetting> Settings,
    Func<Component, EngineContext, IEngine> Create,
    Func<Component, EngineContext, string?>? SharedAs = null);

/// <summary>A metadata key of an engine.</summary>
public sealed record EngineSetting(string Name, bool Required = false);

/// <summary>
/// All engines, by type. An engine registers itself with a static <c>Type</c> property in its own file and one line here:
/// that line is all that adding an engine needs.
/// </summary>
public static partial class EngineCatalog
{
    /// <summary>The known types, ordered by name.</summary>
    public static IReadOnlyDictionary<string, EngineType> All { get; } =
        new SortedDictionary<string, EngineType>(Registered().ToDictionary(t => t.Type), StringComparer.Ordinal);

    private static IEnumerable<EngineType> Registered() =>
    [
        .. StateEngines(), .. BrokerEngines(), .. BindingEngines(), .. SecretEngines(), .. LockEngines(), .. ConfigurationEngines(),
    ];
}
