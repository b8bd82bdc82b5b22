using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Samples.Defaults;

namespace Samples.FrontDoor.Tls;

/// <summary>TLS ends here: replicas speak plain HTTP and know nothing of certificates.</summary>
public static class TlsListener
{
    private static readonly TimeSpan Hello = TimeSpan.FromSeconds(5);

    /// <summary>Listens with HTTPS, too, where <c>TLS_PORT</c> is set.</summary>
    public static void ListenWithTls(this WebApplicationBuilder builder, FrontDoorOptions options)
    {
        if (options.TlsPort is not { } port)
            return;
        var certificate = Load(options);
        // Both addresses are set below; what the environment names would only be complained of as overridden.
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "").UseSetting(WebHostDefaults.HttpPortsKey, "");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(AddressOf(builder), builder.Configuration.Whole("APP_PORT", 8080, least: 0, most: 65535));
            kestrel.Listen(AddressOf(builder), port, listen => listen.UseHttps(certificate, https =>
            {
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                // A client that never says hello must not keep a connection.
                https.HandshakeTimeout = Hello;
            }));
        });
    }

    private static IPAddress AddressOf(WebApplicationBuilder builder) =>
        builder.Configuration["LISTEN"] switch
        {
            null or "" => IPAddress.Loopback,
            var text => IPAddress.TryParse(text, out var address)
                ? address
                : throw new WrongSettingException($"LISTEN is '{text}'; give an IP address such as 0.0.0.0."),
        };

    private static X509Certificate2 Load(FrontDoorOptions options)
    {
        if (options.TlsCertificate is not { } file)
            return Development();
        try
        {
            return X509Certificate2.CreateFromPemFile(file, options.TlsKey);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new WrongSettingException($"TLS_CERTIFICATE '{file}' with TLS_KEY '{options.TlsKey}' cannot be used: {error.Message}");
        }
    }

    // Signed by nobody, for trying it out; made anew at every start, so that nobody comes to trust it.
    private static X509Certificate2 Development()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(90));
        // A key in memory alone is none that every platform's TLS takes.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
