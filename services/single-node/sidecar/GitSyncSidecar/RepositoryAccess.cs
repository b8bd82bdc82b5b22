namespace Samples.GitSyncSidecar;

/// <summary>Finds a secret by its name.</summary>
public delegate Task<string?> FindSecret(string name, CancellationToken cancel);

/// <summary>
/// The token: it is fetched from the secret store when it is needed, handed to git in memory, and never written anywhere.
/// </summary>
public sealed class RepositoryAccess(FindSecret find, GitOptions options)
{
    private const string Hidden = "***";

    private string? _token;

    /// <summary>Fetches it; null where none is needed.</summary>
    public async Task<string?> TokenAsync(CancellationToken cancel)
    {
        if (options.TokenSecret is null)
            return null;
        return _token = await find(options.TokenSecret, cancel);
    }

    /// <summary>What may be said: libraries and servers repeat in their messages what they were given.</summary>
    public string Hide(string message)
    {
        if (_token is { Length: > 0 } token)
            message = message.Replace(token, Hidden, StringComparison.Ordinal)
                .Replace(Uri.EscapeDataString(token), Hidden, StringComparison.Ordinal);
        return message;
    }
}
