using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>
/// Which Redis server a component means, and how it is reached. The names are those of Dapr's Redis components. Clusters, Sentinel and
/// cloud logins are refused, because a single machine has none of them.
/// </summary>
internal sealed record RedisSettings(string Host, int Port)
{
    // One connection carries all commands here: there is no pool, and the client's own backlog bridges a short absence of the server.
    private static readonly string[] WithoutEffect =
    [
        "redisMaxRetries", "redisMinRetryInterval", "redisMaxRetryInterval", "maxRetries", "maxRetryBackoff", "poolSize", "minIdleConns",
        "poolTimeout", "idleTimeout", "idleCheckFrequency", "maxConnAge", "writeTimeout", "sentinelMasterName", "sentinelUsername",
        "sentinelPassword",
    ];

    private static readonly string[] Refused = ["failover", "useEntraID", "useOIDC"];

    /// <summary>What every Redis component knows.</summary>
    public static IReadOnlyList<ComponentSetting> Known { get; } =
    [
        new("redisHost", Required: true),
        .. ((string[])["redisPort", "redisUsername", "redisPassword", "redisDB", "redisType", "enableTLS", "insecureSkipTLSVerify",
            "clientCert", "clientKey",
            "dialTimeout", "readTimeout", .. Refused, .. WithoutEffect]).Select(name => new ComponentSetting(name)),
    ];

    public string? User { get; init; }

    public string? Password { get; init; }

    public int Database { get; init; }

    public bool Tls { get; init; }

    public bool SkipVerification { get; init; }

    public string? ClientCertificate { get; init; }

    public string? ClientKey { get; init; }

    /// <summary>A server that is not there is reported within 2 s, unless the component gives it more time.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How long a command may take, waiting for a server that is away included.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The server in words, for messages.</summary>
    public string Address => $"{Host}:{Port}";

    /// <summary>Reads a component; throws <see cref="ResourceException"/> for a value that cannot be used.</summary>
    public static RedisSettings Read(Component component)
    {
        if (component.Metadata.GetValueOrDefault("redisType", "node") is not ("node" or "") and var type)
            throw Wrong(
                component, "redisType", $"'{type}' is not supported by the embedded runtime",
                "Use a single server, or run the application with daprd.");
        foreach (var name in Refused.Where(n => Switch(component, n)))
            throw Wrong(component, name, "is not supported by the embedded runtime", "Leave it out, or run the application with daprd.");
        var (host, port) = Server(component);
        var settings = new RedisSettings(host, port)
        {
            User = Text(component, "redisUsername"),
            Password = Text(component, "redisPassword"),
            Database = Number(component, "redisDB", 0) ?? 0,
            Tls = Switch(component, "enableTLS"),
            SkipVerification = Switch(component, "insecureSkipTLSVerify"),
            ClientCertificate = Text(component, "clientCert"),
            ClientKey = Text(component, "clientKey"),
        };
        return settings with
        {
            DialTimeout = Duration(component, "dialTimeout") ?? settings.DialTimeout,
            AnswerTimeout = Duration(component, "readTimeout") ?? settings.AnswerTimeout,
        };
    }

    /// <summary>Says which of a component's settings do nothing here.</summary>
    public static void TellIgnored(Component component, ILogger log)
    {
        if (WithoutEffect.Where(component.Metadata.ContainsKey).ToList() is { Count: > 0 } ignored)
            log.LogDebug(
                "component {Component}: without effect on the embedded runtime: {Settings}", component.Name, string.Join(", ", ignored));
    }

    /// <summary>A whole number from <paramref name="least"/> on; null where it is absent.</summary>
    public static int? Number(Component component, string name, int least)
    {
        if (Text(component, name) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw Wrong(component, name, $"'{text}' is no whole number from {least} on", "Write digits only.");
    }

    /// <summary>
    /// A duration in Go's notation, or a number of milliseconds, as Dapr's Redis components have it; zero is zero, null is absent or
    /// negative.
    /// </summary>
    public static TimeSpan? Duration(Component component, string name)
    {
        if (Text(component, name) is not { } text)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds < int.MaxValue)
            return milliseconds < 0 ? null : TimeSpan.FromMilliseconds(milliseconds);
        try
        {
            return text == "0s" ? TimeSpan.Zero : GoDuration.Parse(text);
        }
        catch (FormatException error)
        {
            throw Wrong(component, name, error.Message, "Write a duration such as 500ms or 10s.");
        }
    }

    /// <summary>What the client library needs.</summary>
    [SuppressMessage("Security", "CA5359", Justification = "The component asks for it by name: insecureSkipTLSVerify.")]
    public ConfigurationOptions ToOptions()
    {
        var options = new ConfigurationOptions
        {
            User = User,
            Password = Password,
            DefaultDatabase = Database,
            Ssl = Tls,
            ConnectRetry = 1,
            ConnectTimeout = (int)DialTimeout.TotalMilliseconds,
            AsyncTimeout = (int)AnswerTimeout.TotalMilliseconds,
            SyncTimeout = (int)AnswerTimeout.TotalMilliseconds,
            ReconnectRetryPolicy = new LinearRetry(250),
            // Both are for failover between servers, and would put a foreign key and a subscription on this one.
            TieBreaker = "",
            ConfigurationChannel = "",
        };
        options.EndPoints.Add(Host, Port);
        if (SkipVerification)
            options.CertificateValidation += static (_, _, _, _) => true;
        if (ClientCertificate is not null && ClientKey is not null)
            options.CertificateSelection += (_, _, _, _, _) => X509Certificate2.CreateFromPem(ClientCertificate, ClientKey);
        return options;
    }

    private static (string Host, int Port) Server(Component component)
    {
        var text = component.Metadata["redisHost"].Trim();
        var port = Number(component, "redisPort", 1);
        // A second colon without brackets is an IPv6 address.
        var colon = text.LastIndexOf(':');
        var hasPort = colon > 0 && (text.IndexOf(':') == colon || text[colon - 1] == ']');
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        if (host.Length == 0 || text.Contains(','))
            throw Wrong(component, "redisHost", $"'{text}' is no single server", "Write one such as localhost:6379.");
        if (!hasPort)
            return (host, port ?? 6379);
        if (!ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var own) || own == 0)
            throw Wrong(component, "redisHost", $"'{text}' has no port", "Write for example localhost:6379.");
        return port is null || port == own
            ? (host, own)
            : throw Wrong(component, "redisPort", $"is {port}, and 'redisHost' says {own}", "Keep one of them.");
    }

    private static bool Switch(Component component, string name) =>
        Text(component, name)?.ToLowerInvariant() is "true" or "1" or "yes" or "y" or "on" or "t";

    private static string? Text(Component component, string name) =>
        component.Metadata.GetValueOrDefault(name) is { Length: > 0 } text ? text : null;

    public static ResourceException Wrong(Component component, string name, string why, string cure) =>
        new(
            component.MetadataOrigins.GetValueOrDefault(name, component.Origin), $"'{name}' of component '{component.Name}': {why}.",
            cure);
}
