using System.Net;
using Microsoft.Net.Http.Headers;
using Samples.Cache.Storage;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Cache;

/// <summary>
/// What no cache may answer goes through as it comes, both ways, WebSockets too; what changes something makes the stored answer void.
/// </summary>
public sealed class Passage(IHttpForwarder forwarder, Origin origin, CacheStore store, CacheOptions options)
{
    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = options.Silence, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly Transformer _transformer = new(origin);

    /// <summary>
    /// Passes a request through. After a successful one that <paramref name="invalidates"/>, what it may have changed is forgotten (RFC
    /// 9111, 4.4).
    /// </summary>
    public async Task PassAsync(HttpContext http, bool invalidates)
    {
        http.Response.OnStarting(() =>
        {
            http.Response.Headers["X-Cache"] = "MISS";
            http.Response.Headers["Cache-Status"] = "cache; fwd=bypass";
            // Before the client can know that it worked, and ask again.
            if (invalidates && http.Response.StatusCode is >= 200 and < 400)
                Invalidate(http);
            return Task.CompletedTask;
        });
        await forwarder.SendAsync(http, origin.Prefix, origin.Connections, _config, _transformer);
    }

    private void Invalidate(HttpContext http)
    {
        var request = http.Request;
        store.Remove(CachingProxy.Key(request));
        foreach (var name in (string[])[HeaderNames.Location, HeaderNames.ContentLocation])
        {
            // Only of the same host: nobody voids somebody else's.
            if (http.Response.Headers[name] is [{ } text]
                && Uri.TryCreate(new Uri($"{request.Scheme}://{request.Host}{CachingProxy.Target(request)}"), text, out var named)
                && named.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase))
                store.Remove($"{request.Host.Value} {named.PathAndQuery}");
        }
    }

    private sealed class Transformer(Origin origin) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.RequestUri = origin.Address(CachingProxy.Target(httpContext.Request));
            var leftOut = proxyRequest.Headers.Select(h => h.Key).Where(Origin.IsLeftOut).Except(["Upgrade", "Connection", "TE"]);
            foreach (var name in leftOut.ToList())
                proxyRequest.Headers.Remove(name);
            origin.AddToken(proxyRequest);
        }
    }
}
