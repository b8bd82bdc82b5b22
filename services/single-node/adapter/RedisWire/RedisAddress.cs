namespace Samples.RedisWire;

/// <summary>Where a server listens, and what it wants to hear first.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Password">For <c>AUTH</c>; null for none.</param>
public sealed record RedisAddress(string Host, int Port, string? Password = null)
{
    /// <summary>Reads <c>host:port</c>; null when it is something else.</summary>
    public static RedisAddress? Parse(string text, string? password = null) =>
        Uri.TryCreate("redis://" + text, UriKind.Absolute, out var uri) && uri is { Port: > 0, PathAndQuery: "" or "/", UserInfo: "" }
            ? new RedisAddress(uri.Host, uri.Port, password)
            : null;
}
