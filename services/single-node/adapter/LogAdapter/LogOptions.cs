using Samples.Defaults;
using Samples.LogAdapter.Formats;
using Samples.Parameters;
using Samples.RedisWire;

namespace Samples.LogAdapter;

/// <summary>One log to follow.</summary>
/// <param name="Name">The resource's <c>service.name</c>.</param>
/// <param name="Format">A file's format, or slowlog.</param>
/// <param name="Path">The file; for slowlog, where Redis listens.</param>
/// <param name="Zone">The zone of times that have none.</param>
/// <param name="Secret">For slowlog, the name of the password in the Dapr secret store; null for none.</param>
internal sealed record LogSource(string Name, string Format, string Path, TimeZoneInfo Zone, string? Secret);

/// <summary>How the adapter follows logs; <see cref="Usage"/> tells each setting.</summary>
internal sealed record LogOptions
{
    private const string Form =
        $"Name logs as LOGS__NAME__FORMAT ({LogFormats.Names}) with LOGS__NAME__PATH, or slowlog with LOGS__NAME__ADDRESS.";

    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "log-adapter", "reads logs of several formats and serves records of one, with the field names of OpenTelemetry.",
    [
        new("LOGS__NAME__FORMAT", "required", $"The format of the log NAME: {LogFormats.Names}, or slowlog. NAME becomes service.name."),
        new(
            "LOGS__NAME__PATH",
            "required for a file",
            "The file, in SAMPLES_DATA where it is relative; rotated ones are its name with a number or date behind it."),
        new("LOGS__NAME__ZONE", "UTC", "The zone of times that have none, such as Europe/Berlin."),
        new(
            "LOGS__NAME__ADDRESS",
            "required for slowlog",
            "Where Redis listens: host:port, or dapr://APP-ID of an application that tells its address."),
        new("LOGS__NAME__SECRET", "none", "For slowlog, the name of Redis' password in the secret store."),
        new("STATE_FILE", "log-adapter.db in SAMPLES_DATA", "The file that keeps records, and how far logs were read."),
        new("KEEP", "100000", "How many records are kept for readers."),
        new("POLL_MS", "100", "How often a file is looked at, in milliseconds."),
        new("WAIT_MS", "500", "How long a record waits for lines that go on with it, in milliseconds."),
        new("ROTATED_SECONDS", "5", "How long a renamed file is still read: its writer may not know yet."),
        new("MAX_LINE_BYTES", "65536", "Bytes of a line; a longer one is cut there, and is a parse error."),
        new("SLOWLOG_POLL_MS", "1000", "How often a slow log is asked for, in milliseconds."),
        new("SECRET_STORE", "secretstore", "The Dapr secret store."),
        new("APP_PORT", "5425", "The port of GET /records, /sources, /healthz and /readyz."),
        new("SAMPLES_DATA", ".samples/adapter", "The folder that the application and its adapters share."),
    ]);

    /// <summary>The logs, by name.</summary>
    public IReadOnlyList<LogSource> Sources { get; init; } = [];

    /// <summary>What keeps records and positions.</summary>
    public string StateFile { get; init; } = "";

    /// <summary>Between two looks at a file.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a record waits for lines that go on with it.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a renamed file is still read.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest line in bytes; the rest of a longer one is left out.</summary>
    public int MostLineBytes { get; init; } = 64 * 1024;

    /// <summary>How many records are kept for readers.</summary>
    public int Keep { get; init; } = 100_000;

    /// <summary>Between two looks at a slow log.</summary>
    public TimeSpan SlowLogPoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long Redis may take to answer.</summary>
    public TimeSpan SlowLogTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Name of the Dapr secret store.</summary>
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
            StateFile = Path.Combine(folder, configuration["STATE_FILE"] is { Length: > 0 } file ? file : "log-adapter.db"),
            Poll = TimeSpan.FromMilliseconds(configuration.Number("POLL_MS", 100, 1, 60_000)),
            Wait = TimeSpan.FromMilliseconds(configuration.Number("WAIT_MS", 500, 1, 60_000)),
            Rest = configuration.Seconds("ROTATED_SECONDS", 5, 0.05, 3600),
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
