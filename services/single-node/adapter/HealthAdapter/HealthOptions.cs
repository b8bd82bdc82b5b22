using System.Data.Common;
using System.Net.Http.Json;
using Dapr.Client;
using Microsoft.Data.Sqlite;
using Samples.Defaults;
using Samples.HealthAdapter.Probes;
using Samples.RedisWire;

namespace Samples.HealthAdapter;

/// <summary>One database to ask [CHECKS__NAME__...].</summary>
/// <param name="Name">NAME in lower case.</param>
/// <param name="Kind">sqlite, postgres, mysql (and MariaDB) or redis [KIND].</param>
/// <param name="Connection">The driver's connection string, without a password; a relative SQLite file is in the data folder. For redis,
/// host:port or dapr://APP-ID [CONNECTION].</param>
/// <param name="Query">What the application's users need answered; not for redis [QUERY].</param>
/// <param name="Secret">The name of the password in the Dapr secret store [SECRET]; null for none.</param>
internal sealed record CheckSettings(string Name, string Kind, string Connection, string Query, string? Secret);

/// <summary>Which databases are asked, and how; every setting has an environment variable of the name in brackets.</summary>
internal sealed record HealthOptions
{
    private const string Form = "Name checks as CHECKS__NAME__KIND (sqlite, postgres, mysql or redis), CHECKS__NAME__CONNECTION, "
        + "and CHECKS__NAME__QUERY where it is SQL.";

    /// <summary>The databases, by name [CHECKS__...].</summary>
    public required IReadOnlyList<CheckSettings> Checks { get; init; }

    /// <summary>When they are asked, and what decides [PERIOD_SECONDS, TIMEOUT_SECONDS, FAILURES, SUCCESSES].</summary>
    public required CheckLimits Limits { get; init; }

    /// <summary>Name of the Dapr secret store [SECRET_STORE].</summary>
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
