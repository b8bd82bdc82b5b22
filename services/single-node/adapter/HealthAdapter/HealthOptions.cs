using System.Data.Common;
using System.Net.Http.Json;
using Dapr.Client;
using Microsoft.Data.Sqlite;
using Samples.Defaults;
using Samples.HealthAdapter.Probes;
using Samples.Parameters;
using Samples.RedisWire;

namespace Samples.HealthAdapter;

/// <summary>One database to ask.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Kind">sqlite, postgres, mysql or redis.</param>
/// <param name="Connection">Where it is, without a password.</param>
/// <param name="Query">What the application's users need answered; not for redis.</param>
/// <param name="Secret">The name of the password in the Dapr secret store; null for none.</param>
internal sealed record CheckSettings(string Name, string Kind, string Connection, string Query, string? Secret);

/// <summary>Which databases are asked, and how; <see cref="Usage"/> tells each setting.</summary>
internal sealed record HealthOptions
{
    private const string Form = "Name checks as CHECKS__NAME__KIND (sqlite, postgres, mysql or redis), CHECKS__NAME__CONNECTION, "
        + "and CHECKS__NAME__QUERY where it is SQL.";

    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "health-adapter", "asks databases what their users ask, and tells whether they answer.",
    [
        new("CHECKS__NAME__KIND", "required", "What the database NAME is: sqlite, postgres, mysql (and MariaDB) or redis."),
        new(
            "CHECKS__NAME__CONNECTION",
            "required",
            "The driver's connection string without a password, a relative file in SAMPLES_DATA; for redis host:port, or dapr://APP-ID."),
        new("CHECKS__NAME__QUERY", "required for SQL", "What its users ask; redis is written to and read."),
        new("CHECKS__NAME__SECRET", "none", "The name of the password in the secret store."),
        new("PERIOD_SECONDS", "1", "From one question to the next."),
        new("TIMEOUT_SECONDS", "1", "How long an answer may take."),
        new("FAILURES", "3", "So many failures in a row make it unhealthy."),
        new("SUCCESSES", "1", "So many answers in a row make it healthy again."),
        new("SECRET_STORE", "secretstore", "The Dapr secret store."),
        new("APP_PORT", "5426", "The port of GET /health, /health/NAME, /healthz and /readyz."),
        new("SAMPLES_DATA", ".samples/adapter", "The folder that the application and its adapters share."),
    ]);

    /// <summary>The databases, by name.</summary>
    public required IReadOnlyList<CheckSettings> Checks { get; init; }

    /// <summary>When they are asked, and what decides.</summary>
    public required CheckLimits Limits { get; init; }

    /// <summary>Name of the Dapr secret store.</summary>
    public required string SecretStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static HealthOptions From(IConfiguration configuration)
    {
        var folder = Path.GetFullPath(configuration["SAMPLES_DATA"] ?? ".samples/adapter");
        var checks = configuration.GetSection("CHECKS").GetChildren().Select(s => Check(s, folder))
            .OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
        return new HealthOptions
        {
            Checks = checks.Count > 0 ? checks : throw new WrongSettingException($"There is nothing to ask. {Form}"),
            Limits = new CheckLimits(
                configuration.Seconds("PERIOD_SECONDS", 1, 0.05, 3600),
                configuration.Seconds("TIMEOUT_SECONDS", 1, 0.05, 600),
                configuration.Whole("FAILURES", 3, 1, 100),
                configuration.Whole("SUCCESSES", 1, 1, 100)),
            SecretStore = configuration["SECRET_STORE"] ?? "secretstore",
        };
    }

    private static CheckSettings Check(IConfigurationSection section, string folder)
    {
        var key = $"CHECKS__{section.Key}";
        var (kind, connection, query) = (section["KIND"] ?? "", section["CONNECTION"] ?? "", section["QUERY"] ?? "");
        if (kind is not ("sqlite" or "postgres" or "mysql" or "redis"))
            throw new WrongSettingException($"{key}__KIND is '{kind}'. {Form}");
        if (kind != "redis" && query.Length == 0)
            throw new WrongSettingException($"{key}__QUERY is missing: what do its users ask?");
        try
        {
            connection = kind switch
            {
                "sqlite" => InFolder(connection, folder),
                "redis" when RedisAddress.Parse(connection) is not null || connection.StartsWith("dapr://", StringComparison.Ordinal) =>
                    connection,
                "redis" => throw new FormatException("give host:port, or dapr://APP-ID"),
                "postgres" => SqlProbe.Postgres(connection, null) is var _ ? connection : "",
                _ => SqlProbe.MySql(connection, null) is var _ ? connection : "",
            };
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // What was given may hold a password; it is not repeated.
            throw new WrongSettingException($"{key}__CONNECTION is no connection string for {kind}: {error.Message}");
        }

        return new CheckSettings(section.Key.ToLowerInvariant(), kind, connection, query, section["SECRET"]);
    }

    private static string InFolder(string connection, string folder)
    {
        var settings = new SqliteConnectionStringBuilder(connection);
        settings.DataSource = settings.DataSource.Length > 0
            ? Path.Combine(folder, settings.DataSource)
            : throw new FormatException("give Data Source=FILE");
        return settings.ConnectionString;
    }
}

/// <summary>Makes probes of settings.</summary>
internal static class ProbeKinds
{
    private sealed record Endpoint(string Host, int Port);

    /// <summary>The probe for a setting.</summary>
    public static IProbe Create(CheckSettings settings, HealthOptions options, DaprClient dapr, TimeProvider time)
    {
        return settings.Kind switch
        {
            "sqlite" => new SqliteProbe(settings.Connection, settings.Query),
            "postgres" => new SqlProbe(cancel => ConnectAsync(SqlProbe.Postgres, cancel), settings.Query),
            "mysql" => new SqlProbe(cancel => ConnectAsync(SqlProbe.MySql, cancel), settings.Query),
            _ => new RedisProbe(FindAsync, time),
        };

        async Task<DbConnection> ConnectAsync(Func<string, string?, DbConnection> open, CancellationToken cancel) =>
            open(settings.Connection, await PasswordAsync(cancel));

        async Task<RedisAddress> FindAsync(CancellationToken cancel)
        {
            if (RedisAddress.Parse(settings.Connection) is { } known)
                return known with { Password = await PasswordAsync(cancel) };
            using var sidecar = InvocationClient.Create();
            var told = await sidecar.GetFromJsonAsync<Endpoint>($"http://{settings.Connection["dapr://".Length..]}/address", cancel)
                ?? throw new WrongAnswerException("The application does not tell where it listens.");
            return new RedisAddress(told.Host, told.Port, await PasswordAsync(cancel));
        }

        async Task<string?> PasswordAsync(CancellationToken cancel)
        {
            if (settings.Secret is not { } secret)
                return null;
            var values = await dapr.GetSecretAsync(options.SecretStore, secret, cancellationToken: cancel);
            return values.TryGetValue(secret, out var value)
                ? value
                : throw new WrongAnswerException($"The secret '{secret}' has no value of that name.");
        }
    }
}
