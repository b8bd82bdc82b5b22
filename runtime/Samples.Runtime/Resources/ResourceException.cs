namespace Samples.Runtime.Resources;

/// <summary>
/// A resource or template that cannot be used. The message names the place, what is wrong and the cure,
/// and is shown to the user as it is: no stack trace follows.
/// </summary>
public sealed class ResourceException(Origin origin, string problem, string cure)
    : Exception($"{origin}: {problem} {cure}")
{
    /// <summary>Where the problem stands.</summary>
    public Origin Origin { get; } = origin;
}
