using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Http;

/// <summary>What the metadata of a <c>bindings.http</c> comes to.</summary>
/// <param name="Address">The server.</param>
/// <param name="FailUnlessSuccess">Whether a status other than 2xx is an error.</param>
/// <param name="Patience">How long an answer may take.</param>
public sealed record HttpBindingSettings(Uri Address, bool FailUnlessSuccess, TimeSpan Patience)
{
    private static readonly (string Unit, long Bytes)[] Units =
        [("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("k", 1000), ("K", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("", 1)];

    /// <summary>More of an answer is not read; 0 reads all of it.</summary>
    public long MaxResponse { get; init; }

    /// <summary>A header that each request carries; null for none.</summary>
    public (string Name, string Value)? Token { get; init; }

    /// <summary>Who may vouch for the server; empty leaves that to the machine.</summary>
    public X509Certificate2Collection Roots { get; init; } = [];

    /// <summary>Throws <see cref="ResourceException"/> with the place of what is wrong.</summary>
    public static HttpBindingSettings Read(Component component, EngineContext context)
    {
        var url = component.Metadata["url"];
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw Wrong(component, "url", $"is '{url}', which is no HTTP address.", "Write one such as http://localhost:8000.");
        try
        {
            return new HttpBindingSettings(
                address, component.Metadata.GetValueOrDefault("errorIfNot2XX", "true") != "false",
                GoDuration.Parse(component.Metadata.GetValueOrDefault("responseTimeout", "30s")))
            {
                MaxResponse = ReadSize(component),
                Token = ReadToken(component),
                Roots = ReadRoots(component, context),
            };
        }
        catch (FormatException error)
        {
            throw Wrong(component, "responseTimeout", $": {error.Message}.", "For example '10s'.");
        }
    }

    /// <summary>Connections as these settings want them.</summary>
    public SocketsHttpHandler Connections()
    {
        // Headers as the other side writes them: HTTP's own clients send nothing but ASCII, and read Latin-1.
        var handler = new SocketsHttpHandler
        {
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            SslOptions = new SslClientAuthenticationOptions(),
        };
        if (Roots.Count > 0)
        {
            var chain = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            chain.CustomTrustStore.AddRange(Roots);
            handler.SslOptions.CertificateChainPolicy = chain;
        }

        return handler;
    }

    private static long ReadSize(Component component)
    {
        if (component.Metadata.GetValueOrDefault("maxResponseBodySize") is not { Length: > 0 } text)
            return 0;
        var (unit, bytes) = Units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        return long.TryParse(text[..^unit.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= long.MaxValue / bytes
            ? number * bytes
            : throw Wrong(
                component, "maxResponseBodySize", $"is '{text}', which is no size.", "Write for example 10Mi, or a number of bytes.");
    }

    private static (string, string)? ReadToken(Component component)
    {
        var (token, header) =
            (component.Metadata.GetValueOrDefault("securityToken", ""), component.Metadata.GetValueOrDefault("securityTokenHeader", ""));
        return (token, header) switch
        {
            ("", _) => null,
            (_, "") => throw Wrong(
                component, "securityToken", "is given without 'securityTokenHeader'.", "Name the header that carries it."),
            _ => (header, token),
        };
    }

    // As in Dapr: the certificate itself, or the path of a file that holds it.
    private static X509Certificate2Collection ReadRoots(Component component, EngineContext context)
    {
        var roots = new X509Certificate2Collection();
        if (component.Metadata.GetValueOrDefault("MTLSRootCA") is not { Length: > 0 } text)
            return roots;
        try
        {
            roots.ImportFromPem(text.Contains("-----BEGIN", StringComparison.Ordinal)
                ? text
                : File.ReadAllText(Path.GetFullPath(text, context.BaseDirectory)));
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Wrong(component, "MTLSRootCA", $"cannot be read: {error.Message}", "Write a certificate in PEM, or the path of one.");
        }

        return roots.Count > 0
            ? roots
            : throw Wrong(component, "MTLSRootCA", "holds no certificate.", "Write a certificate in PEM, or the path of one.");
    }

    private static ResourceException Wrong(Component component, string key, string what, string cure) =>
        new(component.MetadataOrigins.GetValueOrDefault(key, component.Origin),
            $"'{key}' of component '{component.Name}'{(what[0] == ':' ? "" : " ")}{what}", cure);
}
