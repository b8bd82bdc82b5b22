namespace Samples.BrokerAmbassador;

/// <summary>
/// A backend as the environment's configuration names it: <c>tcp://host:port</c>, or <c>redis://[user@]host:port?secret=NAME</c>, where the
/// ambassador logs in with a secret that the application never sees.
/// </summary>
/// <param name="Name">The text as configured, without anything secret.</param>
/// <param name="Host">Where it is.</param>
/// <param name="Port">Where it is.</param>
/// <param name="IsRedis">Log in as Redis wants it.</param>
/// <param name="User">For the login; empty for the default user.</param>
/// <param name="Secret">Name of the secret with the password; null for no login.</param>
public sealed record Backend(string Name, string Host, int Port, bool IsRedis, string User, string? Secret)
{
    /// <summary>How to write it, for messages.</summary>
    public const string Form = "write tcp://host:port or redis://[user@]host:port?secret=NAME.";

    /// <summary>Null for a text that is not of the <see cref="Form"/>.</summary>
    public static Backend? Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("tcp" or "redis") || uri.Host.Length == 0
            || uri.Port <= 0)
            return null;
        // A password does not belong into configuration; refusing it is how one finds out.
        if (uri.UserInfo.Contains(':', StringComparison.Ordinal) || uri.AbsolutePath is not ("/" or ""))
            return null;
        string? secret = null;
        if (uri.Query.Length > 0)
        {
            if (!uri.Query.StartsWith("?secret=", StringComparison.Ordinal) || uri.Scheme != "redis"
                || uri.Query.Length == "?secret=".Length)
                return null;
            secret = Uri.UnescapeDataString(uri.Query["?secret=".Length..]);
        }

        return new Backend(text, uri.Host, uri.Port, uri.Scheme == "redis", Uri.UnescapeDataString(uri.UserInfo), secret);
    }
}
