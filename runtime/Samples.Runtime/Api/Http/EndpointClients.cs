using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Api.Http;

/// <summary>The connections to endpoints outside: those that have certificates of their own have connections of their own.</summary>
internal sealed class EndpointClients : IDisposable
{
    private readonly HttpMessageInvoker _plain = new(Handler());
    private readonly ConcurrentDictionary<string, Lazy<HttpMessageInvoker>> _own = new(StringComparer.Ordinal);

    /// <summary>For calls of an endpoint.</summary>
    public HttpMessageInvoker For(HttpEndpoint endpoint) => endpoint.Tls is { } tls
        ? _own.GetOrAdd(endpoint.Name, _ => new Lazy<HttpMessageInvoker>(() => Create(tls))).Value
        : _plain;

    private static HttpMessageInvoker Create(EndpointTls tls)
    {
        var handler = Handler();
        if (tls.Client is { } client)
            handler.SslOptions.ClientCertificates = [client];
        if (tls.Roots is { } roots)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        return new HttpMessageInvoker(handler);
    }

    private static SocketsHttpHandler Handler() => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        SslOptions = new SslClientAuthenticationOptions(),
        // As applications write them: HTTP's own clients send nothing but ASCII, and read Latin-1.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    };

    public void Dispose()
    {
        _plain.Dispose();
        foreach (var own in _own.Values)
            own.Value.Dispose();
    }
}
