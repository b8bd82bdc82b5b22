using Dapr.Client;
using Samples.Defaults;
using Samples.MetricsAdapter.Page;
using Samples.MetricsAdapter.Sources;
using Samples.Parameters;

namespace Samples.MetricsAdapter;

/// <summary>One application to read.</summary>
/// <param name="Name">The value of the label <c>source</c>.</param>
/// <param name="Kind">redis, json or csv.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Mapping">For json, which field is which metric.</param>
/// <param name="Secret">For redis, the name of its password in the Dapr secret store; null for none.</param>
internal sealed record SourceSettings(string Name, string Kind, string Address, JsonMapping? Mapping, string? Secret);

/// <summary>How the adapter reads its sources; <see cref="Usage"/> tells each setting.</summary>
internal sealed record MetricsOptions
{
    private const string Form = "Name sources as SOURCES__NAME__KIND (redis, json or csv) and SOURCES__NAME__ADDRESS.";

    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "metrics-adapter", "reads what applications say about themselves and serves it as one Prometheus page.",
    [
        new("SOURCES__NAME__KIND", "required", "How the application NAME speaks: redis (INFO), json (a page) or csv (lines over TCP)."),
        new(
            "SOURCES__NAME__ADDRESS",
            "required",
            "host:port, or dapr://APP-ID of an application that tells its address; for json http://host:port/path, or dapr://APP-ID/path."),
        new("SOURCES__NAME__MAPPING", "required for json", "The file that says which field is which metric; relative to the program."),
        new("SOURCES__NAME__SECRET", "none", "For redis, the name of its password in the secret store."),
        new("SOURCE_TIMEOUT_SECONDS", "2", "How long a source may take; less where the scraper says that it gives up earlier."),
        new("MAX_SOURCE_BYTES", "1048576", "The largest answer of a source."),
        new("MAX_SOURCE_SAMPLES", "10000", "The most values of a source."),
        new("SECRET_STORE", "secretstore", "The Dapr secret store."),
        new("APP_PORT", "5424", "The port of GET /metrics, /healthz and /readyz."),
    ]);

    /// <summary>The sources, by name.</summary>
    public required IReadOnlyList<SourceSettings> Sources { get; init; }

    /// <summary>How long one source may take; less where the scraper gives up earlier.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>The largest answer of a source in bytes.</summary>
    public required int MostBytes { get; init; }

    /// <summary>The most values of a source.</summary>
    public required int MostSamples { get; init; }

    /// <summary>Name of the Dapr secret store.</summary>
    public required string SecretStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static MetricsOptions From(IConfiguration configuration)
    {
        var sources = configuration.GetSection("SOURCES").GetChildren().Select(Source).OrderBy(s => s.Name, StringComparer.Ordinal)
            .ToList();
        return new MetricsOptions
        {
            Sources = sources.Count > 0 ? sources : throw new WrongSettingException($"There is no source. {Form}"),
            Timeout = configuration.Seconds("SOURCE_TIMEOUT_SECONDS", 2, 0.05, 60),
            MostBytes = configuration.Whole("MAX_SOURCE_BYTES", 1024 * 1024, 1024, 64 * 1024 * 1024),
            MostSamples = configuration.Whole("MAX_SOURCE_SAMPLES", 10_000, 1, 1_000_000),
            SecretStore = configuration["SECRET_STORE"] ?? "secretstore",
        };
    }

    private static SourceSettings Source(IConfigurationSection section)
    {
        var key = $"SOURCES__{section.Key}";
        var (name, kind, address) = (section.Key.ToLowerInvariant(), section["KIND"] ?? "", section["ADDRESS"] ?? "");
        if (!MetricNames.IsMetric(name) || name == Scrape.OwnPrefix.TrimEnd('_'))
            throw new WrongSettingException(
                $"{key}: '{name}' begins the names of metrics; give letters, digits and underscores, and not 'adapter'.");
        if (kind is not ("redis" or "json" or "csv"))
            throw new WrongSettingException($"{key}__KIND is '{kind}'. {Form}");
        if (kind == "json" && SourceKinds.PageOf(address) is null)
            throw new WrongSettingException(
                $"{key}__ADDRESS: '{address}' is no address; give http://host:port/path, or dapr://APP-ID/path.");
        if (kind != "json" && SourceAddress.Problem(address) is { } problem)
            throw new WrongSettingException($"{key}__ADDRESS: {problem}");
        if (kind == "json" && section["MAPPING"] is null)
            throw new WrongSettingException(
                $"{key}__MAPPING is missing: a file that says which field is which metric, such as mappings/shop.json.");
        var mapping = kind == "json"
            ? JsonMapping.Load($"{key}__MAPPING", Path.Combine(AppContext.BaseDirectory, section["MAPPING"]!))
            : null;
        return new SourceSettings(name, kind, address, mapping, section["SECRET"]);
    }
}

/// <summary>Makes sources of settings.</summary>
internal static class SourceKinds
{
    /// <summary>The address of a page: <c>dapr://APP-ID/path</c> is asked through the sidecar. Null when it is none.</summary>
    public static (Uri Address, bool BySidecar)? PageOf(string address) =>
        !Uri.TryCreate(address, UriKind.Absolute, out var uri) ? null
        : uri.Scheme is "http" or "https" ? (uri, false)
        : uri is { Scheme: "dapr", Host.Length: > 0 } ? (new Uri($"http://{uri.Host}{uri.PathAndQuery}"), true)
        : null;

    /// <summary>The source for a setting.</summary>
    public static ISource Create(SourceSettings settings, MetricsOptions options, DaprClient dapr)
    {
        // How long it may take is the scrape's decision, and so is the end of it.
        HttpClient Http(bool bySidecar)
        {
            var http = bySidecar ? InvocationClient.Create() : new HttpClient();
            http.Timeout = Timeout.InfiniteTimeSpan;
            return http;
        }

        async Task<string?> PasswordAsync(CancellationToken cancel)
        {
            if (settings.Secret is not { } secret)
                return null;
            var values = await dapr.GetSecretAsync(options.SecretStore, secret, cancellationToken: cancel);
            return values.TryGetValue(secret, out var value)
                ? value
                : throw new SourceException("secret", $"The secret '{secret}' has no value of that name.");
        }

        return settings.Kind switch
        {
            "redis" => new RedisSource(settings.Name, new SourceAddress(settings.Address), PasswordAsync, options.MostBytes),
            "csv" => new CsvSource(settings.Name, new SourceAddress(settings.Address), options.MostBytes),
            _ => PageOf(settings.Address)!.Value is var page
                ? new JsonSource(settings.Name, Http(page.BySidecar), page.Address, settings.Mapping!, options.MostBytes)
                : throw new InvalidOperationException(),
        };
    }
}
