using Dapr.Client;

namespace Samples.GitSyncSidecar;

/// <summary>The token: it is fetched from the secret store when it is needed, handed to git in memory, and never written anywhere.</summary>
public sealed class RepositoryAccess(DaprClient dapr, GitOptions options)
{
    private const string Hidden = "***";

    private string? _token;

    /// <summary>Fetches it; null where none is needed.</summary>
    public async Task<string?> TokenAsync(CancellationToken cancel)
    {
        if (options.TokenSecret is null)
            return null;
        var secret = await dapr.GetSecretAsync(options.SecretStore, options.TokenSecret, cancellationToken: cancel);
        return _token = secret.TryGetValue(options.TokenSecret, out var token) ? token : secret.Values.FirstOrDefault();
    }

    /// <summary>What may be said: libraries and servers repeat in their messages what they were given.</summary>
    public string Hide(string message)
    {
        if (_token is { Length: > 0 } token)
            message = message.Replace(token, Hidden, StringComparison.Ordinal).Replace(Uri.EscapeDataString(token), Hidden, StringComparison.Ordinal);
        return message;
    }
}
