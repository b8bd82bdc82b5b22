namespace Samples.Runtime.Resources;

/// <summary>
/// A resource or template that cannot be used. The message names the place, what is wrong and the cure,
/// and is shown to the user as it is: no stack trace follows.
/// </summary>
public sealed class ResourceException : Exception
{
    /// <summary>One problem.</summary>
    public ResourceException(Origin origin, string problem, string cure) : base($"{origin}: {problem} {cure}") => Origin = origin;

    internal ResourceException(Origin origin, IEnumerable<string> messages) : base(string.Join('\n', messages)) => Origin = origin;

    /// <summary>Where the problem stands; the first, where there are several.</summary>
    public Origin Origin { get; }
}
