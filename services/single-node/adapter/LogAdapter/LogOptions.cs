using Samples.Defaults;
using Samples.LogAdapter.Formats;
using Samples.RedisWire;

namespace Samples.LogAdapter;

/// <summary>One log to follow [LOGS__NAME__...].</summary>
/// <param name="Name">The resource's <c>service.name</c>: NAME in lower case.</param>
/// <param name="Format">clf, storm, json, any, or slowlog [FORMAT].</param>
/// <param name="Path">The file; relative to the data folder [PATH]. For slowlog, where Redis listens: host:port or dapr://APP-ID
/// [ADDRESS].</param>
/// <param name="Zone">The zone of times that have none, by its IANA name [ZONE]; UTC.</param>
/// <param name="Secret">For slowlog, the name of the password in the Dapr secret store [SECRET]; null for none.</param>
internal sealed record LogSource(string Name, string Format, string Path, TimeZoneInfo Zone, string? Secret);

/// <summary>How the adapter follows logs; every setting has an environment variable of the name in brackets.</summary>
internal sealed record LogOptions
{
    private const string Form =
        $"Name logs as LOGS__NAME__FORMAT ({LogFormats.Names}) with LOGS__NAME__PATH, or slowlog with LOGS__NAME__ADDRESS.";

    /// <summary>The logs, by name [LOGS__...].</summary>
    public IReadOnlyList<LogSource> Sources { get; init; } = [];

    /// <summary>Between two looks at a file [POLL_MS].</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a record waits for lines that go on with it [WAIT_MS].</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest line in bytes; the rest of a longer one is left out [MAX_LINE_BYTES].</summary>
    public int MostLineBytes { get; init; } = 64 * 1024;

    /// <summary>How many records are kept for readers [KEEP].</summary>
    public int Keep { get; init; } = 100_000;

    /// <summary>Between two looks at a slow log [SLOWLOG_POLL_MS].</summary>
    public TimeSpan SlowLogPoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long Redis may take to answer.</summary>
    public TimeSpan SlowLogTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Name of the Dapr secret store [SECRET_STORE].</summary>
    public string SecretStore { get; init; } = "secretstore";

    /// <summary>Reads and checks the settings.</summary>
    public static LogOptions From(IConfiguration configuration)
    {
        var folder = Path.GetFullPath(configuration["SAMPLES_DATA"] ?? ".samples/adapter");
        var sources = configuration.GetSection("LOGS").GetChildren().Select(s => Source(s, folder))
            .OrderBy(s => s.Name, StringComparer.Ordinal).ToList();
        return new LogOptions
        {
            Sources = sources.Count > 0 ? sources : throw new WrongSettingException($"There is no log. {Form}"),
            Poll = TimeSpan.FromMilliseconds(configuration.Number("POLL_MS", 100, 1, 60_000)),
            Wait = TimeSpan.FromMilliseconds(configuration.Number("WAIT_MS", 500, 1, 60_000)),
            MostLineBytes = configuration.Whole("MAX_LINE_BYTES", 64 * 1024, 64, 16 * 1024 * 1024),
            Keep = configuration.Whole("KEEP", 100_000, 1, 10_000_000),
            SlowLogPoll = TimeSpan.FromMilliseconds(configuration.Number("SLOWLOG_POLL_MS", 1000, 10, 600_000)),
            SecretStore = configuration["SECRET_STORE"] ?? "secretstore",
        };
    }

    private static LogSource Source(IConfigurationSection section, string folder)
    {
        var key = $"LOGS__{section.Key}";
        var (name, format) = (section.Key.ToLowerInvariant(), section["FORMAT"] ?? "");
        var zone = Zone(key, section["ZONE"] ?? "UTC");
        if (format == "slowlog")
        {
            var address = section["ADDRESS"] ?? "";
            return RedisAddress.Parse(address) is not null || address.StartsWith("dapr://", StringComparison.Ordinal)
                ? new LogSource(name, format, address, zone, section["SECRET"])
                : throw new WrongSettingException($"{key}__ADDRESS is '{address}'; give host:port, or dapr://APP-ID.");
        }

        if (LogFormats.Create(format, zone) is null)
            throw new WrongSettingException($"{key}__FORMAT is '{format}'. {Form}");
        if (section["PATH"] is not { Length: > 0 } path)
            throw new WrongSettingException($"{key}__PATH is missing. {Form}");
        return new LogSource(name, format, Path.Combine(folder, path), zone, null);
    }

    private static TimeZoneInfo Zone(string key, string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
        ? zone
        : throw new WrongSettingException(
            $"{key}__ZONE is '{name}', which this system does not know; give a name such as Europe/Berlin, and install tzdata.");
}
