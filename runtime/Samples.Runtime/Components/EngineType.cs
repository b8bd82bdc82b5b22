using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>What an engine gets to start with.</summary>
/// <param name="BaseDirectory">Relative paths in metadata resolve here: the app directory, as with daprd.</param>
/// <param name="Time">The clock; tests pass their own.</param>
/// <param name="Loggers">For the engine's log lines.</param>
public sealed record EngineContext(string BaseDirectory, TimeProvider Time, ILoggerFactory Loggers);

/// <summary>One engine: the component type that it serves, and how it is made.</summary>
/// <param name="Type">The Dapr type name, for example <c>state.sqlite</c>.</param>
/// <param name="Settings">The metadata keys it knows.</param>
/// <param name="Create">Makes an engine; throws <see cref="ResourceException"/> for a wrong value.</param>
/// <param name="SharedAs">
/// A key that is equal for two components that mean the same server or file; engines with equal keys and types are one instance
/// for all sidecars of a run. Null means: never shared between component definitions.
/// </param>
public sealed record EngineType(
    string Type,
    IReadOnlyList<ComponentSetting> Settings,
    Func<Component, EngineContext, IEngine> Create,
    Func<Component, EngineContext, string?>? SharedAs = null) : ComponentType(Type, Settings);
