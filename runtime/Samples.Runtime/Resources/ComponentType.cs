namespace Samples.Runtime.Resources;

/// <summary>What a component of one type may say. Whoever reads components passes in which types there are.</summary>
/// <param name="Type">The Dapr type name, for example <c>state.sqlite</c>.</param>
/// <param name="Settings">The metadata keys it knows. Others stop the start, with this list in the message.</param>
public record ComponentType(string Type, IReadOnlyList<ComponentSetting> Settings);

/// <summary>A metadata key of a component.</summary>
/// <param name="Name">As Dapr documents it; case does not matter.</param>
/// <param name="Required">True where there is no component without it.</param>
public sealed record ComponentSetting(string Name, bool Required = false)
{
    /// <summary>Why Dapr's engine heeds it and this one does not; null where it is heeded.</summary>
    public string? WithoutEffect { get; init; }
}
