using System.Net;
using Samples.Defaults;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.TlsSidecar;

/// <summary>How the site is served; <see cref="Usage"/> tells each setting.</summary>
public sealed record TlsOptions
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "tls-sidecar", "HTTPS, HTTP/1.1 and 2, in front of an application that speaks plain HTTP on loopback.",
    [
        SiteAddress.Setting,
        new("HTTPS_ADDRESS", "127.0.0.1", "The address to listen at; 0.0.0.0 for all of the machine or pod."),
        new("HTTPS_PORT", "8443", "The port; 0 takes a free one, and GET /tls says which."),
        new(
            "CERT_FILE",
            "none: one for development, of its own",
            "PEM file: the certificate, then its issuers, each certifying the one before. Changes are picked up."),
        new("KEY_FILE", "the CERT_FILE", "PEM file with the private key."),
        new("CERT_PERIOD_MS", "500", "How often the files are looked at, in milliseconds."),
        new("HANDSHAKE_SECONDS", "5", "How long a client may take for its handshake."),
        new("HSTS_SECONDS", "31536000", "For how long browsers shall come by HTTPS only; 0 does not tell them."),
        new("HOSTS", "any", "Names that the site is asked by, separated by commas; others get 421."),
        new("APP_PORT", "5401", "The port of GET /tls, /healthz and /readyz."),
        PodFiles.FolderSetting,
    ]);

    /// <summary>Where the application is.</summary>
    public required SiteAddress Site { get; init; }

    /// <summary>Where to listen with TLS.</summary>
    public required (IPAddress Address, int Port) Listen { get; init; }

    /// <summary>The certificate's file; null for one of development.</summary>
    public required string? CertificateFile { get; init; }

    /// <summary>The key's file.</summary>
    public required string KeyFile { get; init; }

    /// <summary>How often the files are looked at.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>The deadline of a handshake.</summary>
    public required TimeSpan Handshake { get; init; }

    /// <summary>The header's value; null for none.</summary>
    public required string? StrictTransport { get; init; }

    /// <summary>The site's names; empty for any.</summary>
    public required IReadOnlySet<string> Hosts { get; init; }

    /// <summary>The shared folder.</summary>
    public required PodFiles Files { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static TlsOptions From(IConfiguration configuration)
    {
        var files = PodFiles.From(configuration);
        var certificate = configuration["CERT_FILE"] is { Length: > 0 } file ? Path.GetFullPath(file) : null;
        var hsts = configuration.Whole("HSTS_SECONDS", 31_536_000, 0, int.MaxValue);
        return new TlsOptions
        {
            Site = new SiteAddress(Checked(configuration["SITE"]), files.Address),
            Listen = (Address(configuration["HTTPS_ADDRESS"] ?? "127.0.0.1"), OwnPort.From(configuration, "HTTPS_PORT", 8443)),
            CertificateFile = certificate,
            KeyFile = configuration["KEY_FILE"] is { Length: > 0 } key ? Path.GetFullPath(key) : certificate ?? "",
            Period = TimeSpan.FromMilliseconds(configuration.Whole("CERT_PERIOD_MS", 500, 10, 3_600_000)),
            Handshake = configuration.Seconds("HANDSHAKE_SECONDS", 5, 0.1, 120),
            StrictTransport = hsts == 0 ? null : $"max-age={hsts}",
            Hosts = (configuration["HOSTS"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .ToHashSet(StringComparer.OrdinalIgnoreCase),
            Files = files,
        };
    }

    private static string? Checked(string? site) =>
        site is not { Length: > 0 } || (Uri.TryCreate(site, UriKind.Absolute, out var address) && address.Scheme == "http")
        ? site : throw new WrongSettingException($"SITE is '{site}'; give an address such as http://127.0.0.1:8080.");

    private static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out var address)
            ? address
            : throw new WrongSettingException($"HTTPS_ADDRESS is '{text}'; give an IP address such as 127.0.0.1.");
}
