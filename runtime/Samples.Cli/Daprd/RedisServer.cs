using Samples.Cli.Processes;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Cli.Daprd;

/// <summary>
/// The Redis behind <c>components/redis</c>: the one at <c>REDIS_HOST</c>, else the one on localhost:6379 (as <c>dapr init</c> leaves it),
/// else one that is started here where <c>redis-server</c> is installed.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    /// <summary>Host, or host and port.</summary>
    public const string HostVariable = "REDIS_HOST";

    private const int DefaultPort = 6379, Databases = 16;

    private readonly DaprProcess? _own;
    private readonly bool _borrowed;

    private RedisServer(string host, int database, DaprProcess? own, bool borrowed)
    {
        Host = host;
        Database = database;
        _own = own;
        _borrowed = borrowed;
    }

    /// <summary>Host and port.</summary>
    public string Host { get; }

    /// <summary>The number of the database.</summary>
    public int Database { get; }

    /// <summary>Why there is none; null where there is one.</summary>
    public static string? Missing => Named is null && FreePorts.IsFree(DefaultPort) && Program is null
        ? $"no Redis listens on localhost:{DefaultPort}, {HostVariable} names none, and there is no redis-server to start." : null;

    /// <summary>Which one it would be.</summary>
    public static string Described =>
        Named ?? (FreePorts.IsFree(DefaultPort) ? $"{Program}, started for the run" : $"localhost:{DefaultPort}");

    private static string? Named => Environment.GetEnvironmentVariable(HostVariable) is not { Length: > 0 } host ? null
        : host.Contains(':') ? host
        : $"{host}:{DefaultPort}";

    private static string? Program => RunTemplate.Commands.Find("redis-server", Environment.CurrentDirectory);

    /// <summary>Finds or starts one. Throws <see cref="ResourceException"/> where there is none.</summary>
    /// <param name="launcher">Starts processes.</param>
    /// <param name="folder">Where a server that is started here keeps its file.</param>
    /// <param name="alone">
    /// Whether the run wants an empty world: on a server of others it takes a database in which nothing is, and empties it at the end.
    /// </param>
    /// <param name="log">Gets a name and a line.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<RedisServer> FindAsync(
        Launcher launcher, string folder, bool alone, Action<string, string> log, CancellationToken cancel)
    {
        if (Missing is { } missing)
            throw new ResourceException(
                Origin.Code,
                missing,
                "`dapr init` starts one in Docker; or install redis-server (Debian: `apt install redis-server`); or leave out --runtime.");
        if ((Named ?? (FreePorts.IsFree(DefaultPort) ? null : $"127.0.0.1:{DefaultPort}")) is { } others)
            return alone
                ? new RedisServer(others, await EmptyDatabaseAsync(others), null, borrowed: true)
                : new RedisServer(others, 0, null, borrowed: false);
        var port = FreePorts.Next();
        Directory.CreateDirectory(Path.Combine(folder, "redis"));
        var own = await DaprProcess.StartAsync(launcher, "redis-server",
        [
            Program!, "--bind", "127.0.0.1", "--port", $"{port}", "--dir", Path.Combine(folder, "redis"), "--save", "", "--appendonly",
            "yes", "--daemonize", "no",
            "--notify-keyspace-events", "KEA", "--loglevel", "warning",
        ], folder, new Dictionary<string, string>(), line => log("redis", line));
        try
        {
            await own.ListensAsync(port, cancel);
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }

        return new RedisServer($"127.0.0.1:{port}", 0, own, borrowed: false);
    }

    /// <summary>
    /// Writes a configuration value as Dapr reads it: <c>value||version</c>. A new version tells two writings of one value apart.
    /// </summary>
    public async Task ConfigureAsync(string key, string value)
    {
        await using var redis = await ConnectAsync(Host);
        await redis.GetDatabase(Database).StringSetAsync(key, $"{value}||{Guid.NewGuid():N}");
    }

    private static async Task<int> EmptyDatabaseAsync(string host)
    {
        try
        {
            await using var redis = await ConnectAsync(host);
            for (var database = 1; database < Databases; database++)
            {
                if (await redis.GetServers()[0].DatabaseSizeAsync(database) == 0)
                    return database;
            }
        }
        catch (RedisException error)
        {
            // What else the message says is about the client's settings.
            throw new ResourceException(
                Origin.Code,
                $"the Redis at {host} cannot be used: {error.Message.Split(". ")[0].TrimEnd('.')}.",
                $"Correct {HostVariable}, or start that server.");
        }

        throw new ResourceException(Origin.Code, $"every database of the Redis at {host} holds data, and a tour needs an empty one.",
            $"Empty one of 1 to {Databases - 1}, or name another server with {HostVariable}.");
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(string host) => ConnectionMultiplexer.ConnectAsync($"{host},allowAdmin=true");

    public async ValueTask DisposeAsync()
    {
        if (_borrowed)
        {
            await using var redis = await ConnectAsync(Host);
            await redis.GetServers()[0].FlushDatabaseAsync(Database);
        }

        if (_own is not null)
            await _own.DisposeAsync();
    }
}
