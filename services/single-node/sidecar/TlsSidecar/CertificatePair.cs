using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Samples.TlsSidecar;

/// <summary>A certificate with its key and its issuers.</summary>
/// <param name="Leaf">The certificate that clients get, with its key.</param>
/// <param name="Context">What a handshake needs, made once.</param>
public sealed record CertificatePair(X509Certificate2 Leaf, SslStreamCertificateContext Context)
{
    /// <summary>Reads a pair from PEM. Throws <see cref="CryptographicException"/> that says what is wrong with it.</summary>
    public static CertificatePair Read(string certificates, string key, DateTimeOffset now)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(certificates);
        }
        catch (CryptographicException error)
        {
            throw new CryptographicException($"the certificate cannot be read (is the file written to its end?): {error.Message}", error);
        }

        if (all.Count == 0)
            throw new CryptographicException("there is no certificate in the file (is it written to its end?)");
        for (var i = 1; i < all.Count; i++)
        {
            if (!all[i - 1].IssuerName.RawData.AsSpan().SequenceEqual(all[i].SubjectName.RawData))
                throw new CryptographicException(
                    $"certificate {i + 1} did not issue certificate {i}: the site's own comes first, then each its issuer");
        }

        if (all[0].NotAfter.ToUniversalTime() <= now.UtcDateTime)
            throw new CryptographicException($"the certificate ended at {all[0].NotAfter.ToUniversalTime():u}");
        return new CertificatePair(Join(all[0], key), new X509Certificate2Collection(all.Skip(1).ToArray()));
    }

    private CertificatePair(X509Certificate2 leaf, X509Certificate2Collection issuers) : this(
        leaf, SslStreamCertificateContext.Create(leaf, issuers, offline: true))
    {
    }

    /// <summary>A pair for development: nobody trusts it who is not told to.</summary>
    public static (string Certificate, string Key) MakeForDevelopment(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost, O=tls-sidecar for development", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(90));
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static X509Certificate2 Join(X509Certificate2 certificate, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new CryptographicException($"the key does not belong to the certificate, or is not whole: {error.Message}", error);
        }
    }
}
