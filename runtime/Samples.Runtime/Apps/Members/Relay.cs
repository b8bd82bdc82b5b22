using System.Net;

namespace Samples.Runtime.Apps.Members;

/// <summary>The way to an application that goes through its own sidecar in another process.</summary>
/// <param name="Port">Where that sidecar takes what comes from others.</param>
/// <param name="Key">Proves that the call comes from a sidecar of this machine.</param>
/// <param name="Lost">Called where nobody answers there.</param>
public sealed record Relay(int Port, string Key, Action Lost)
{
    /// <summary>Carries <see cref="Key"/>.</summary>
    internal const string KeyHeader = "samples-relay-key";

    /// <summary>
    /// Set on an answer where the application took no connection: nothing was sent, and another replica may have the call.
    /// </summary>
    internal const string UndeliveredHeader = "samples-undelivered";
}

/// <summary>Makes requests for an application into requests for its sidecar, over HTTP/2 whatever they are.</summary>
internal sealed class RelayHandler(Relay relay, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Remove(Relay.KeyHeader);
        request.Headers.TryAddWithoutValidation(Relay.KeyHeader, relay.Key);
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
        {
            relay.Lost();
            throw;
        }

        if (!response.Headers.Contains(Relay.UndeliveredHeader))
            return response;
        response.Dispose();
        throw new HttpRequestException(HttpRequestError.ConnectionError, "the application does not answer on its port");
    }
}
