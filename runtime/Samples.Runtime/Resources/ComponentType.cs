namespace Samples.Runtime.Resources;

/// <summary>What a component of one type may say. Whoever reads components passes in which types there are.</summary>
/// <param name="Type">The Dapr type name, for example <c>state.sqlite</c>.</param>
/// <param name="Settings">The metadata keys it knows. Others stop the start, with this list in the message.</param>
public record ComponentType(string Type, IReadOnlyList<ComponentSetting> Settings);

/// <summary>A metadata key of a component.</summary>
public sealed record ComponentSetting(string Name, bool Required = false);
