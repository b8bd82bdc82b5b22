using System.Security.Authentication;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Samples.TlsSidecar;

/// <summary>
/// The door: TLS 1.2 and 1.3, with the ciphers of <see cref="OpenSslPolicy"/>, and deadlines for whoever takes up a connection and does
/// nothing with it.
/// </summary>
public static class TlsListener
{
    private static readonly TimeSpan Headers = TimeSpan.FromSeconds(10), Idle = TimeSpan.FromSeconds(60);

    /// <summary>Listens where the sidecar would anyway, and with TLS.</summary>
    public static void ListenWithTls(this WebApplicationBuilder builder, TlsOptions options)
    {
        var configuration = builder.Configuration;
        var own = configuration["ASPNETCORE_URLS"] is { Length: > 0 } urls ? urls
            : configuration["ASPNETCORE_HTTP_PORTS"] is { Length: > 0 } ports ? $"http://*:{ports}"
            : $"http://127.0.0.1:{configuration["APP_PORT"] ?? "5401"}";
        builder.WebHost.UseUrls([.. own.Split(';'), $"https://{options.Listen.Address}:{options.Listen.Port}"]);
        Framing.DemandWholeLineEnds();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.RequestHeadersTimeout = Headers;
            server.Limits.KeepAliveTimeout = Idle;
            server.Limits.MaxRequestBodySize = null;
            server.ConfigureEndpointDefaults(listen => listen.TakeResetsAsEnds());
            var certificates = server.ApplicationServices.GetRequiredService<CertificateFiles>();
            server.ConfigureHttpsDefaults(https =>
            {
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                https.HandshakeTimeout = options.Handshake;
                https.ClientCertificateMode = ClientCertificateMode.NoCertificate;
                // The pair of this moment, with its issuers: whoever is connected keeps the one that the connection began with.
                https.ServerCertificateSelector = (_, _) => certificates.Current.Leaf;
                https.OnAuthenticate = (_, ssl) =>
                {
                    ssl.ServerCertificateContext = certificates.Current.Context;
                    ssl.ServerCertificateSelectionCallback = null;
                };
            });
        });
    }

    /// <summary>The port with TLS, which is known when the server has started.</summary>
    public static int PortOf(IServer server) => new Uri(
        server.Features.Get<IServerAddressesFeature>()!.Addresses.Single(a => a.StartsWith("https:", StringComparison.Ordinal))).Port;
}
