using Samples.Defaults;

namespace Samples.FrontDoor;

/// <summary>What the front door does besides balancing; every setting has an environment variable of the name in brackets.</summary>
public sealed record FrontDoorOptions
{
    /// <summary>Requests that a client may send in a <see cref="LimitWindow"/>; 0 for no limit [RATE_LIMIT].</summary>
    public required int RateLimit { get; init; }

    /// <summary>The window of the limit [RATE_WINDOW_SECONDS].</summary>
    public required TimeSpan LimitWindow { get; init; }

    /// <summary>Port for HTTPS; null for none, 0 for a free one [TLS_PORT].</summary>
    public int? TlsPort { get; init; }

    /// <summary>PEM file with the certificate and its chain; null for a development certificate made at start [TLS_CERTIFICATE].</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>PEM file with the certificate's key [TLS_KEY].</summary>
    public string? TlsKey { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static FrontDoorOptions From(IConfiguration configuration) => new()
    {
        RateLimit = configuration.Whole("RATE_LIMIT", 0, least: 0, most: 1_000_000),
        LimitWindow = configuration.Seconds("RATE_WINDOW_SECONDS", 60, least: 0.1, most: 86_400),
        TlsPort = configuration["TLS_PORT"] is { Length: > 0 } ? OwnPort.From(configuration, "TLS_PORT", 0) : null,
        TlsCertificate = configuration["TLS_CERTIFICATE"] is { Length: > 0 } certificate ? certificate : null,
        TlsKey = configuration["TLS_KEY"] is { Length: > 0 } key ? key : null,
    };
}
