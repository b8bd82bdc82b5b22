using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>
/// An engine's connection to its Redis server. It comes back by itself after the server was away; commands wait for that up to the answer
/// timeout, then fail in words that an application's developer can act on.
/// </summary>
internal sealed class RedisConnection(Component component, RedisSettings settings, ILogger log) : IAsyncDisposable
{
    // What no key-value engine needs on connecting. Without these, the connection works through a sharding proxy too.
    private static readonly CommandMap SingleKey = CommandMap.Create(
        ["SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "ECHO", "CONFIG", "CLUSTER", "SENTINEL", "SCRIPT"], available: false);

    private static readonly string[] ServerStates =
        ["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY ", "OOM", "MISCONF", "NOREPLICAS", "UNBLOCKED"];

    private ConnectionMultiplexer? _multiplexer;

    /// <summary>The server in words, for messages.</summary>
    public string Address => settings.Address;

    /// <summary>False while the server is away, as far as is known.</summary>
    public bool IsConnected => Multiplexer.IsConnected;

    /// <summary>Runs single commands where nothing translates failures.</summary>
    public IDatabase Database => Multiplexer.GetDatabase();

    /// <summary>For what goes to the server rather than to a key.</summary>
    public IServer Server => Multiplexer.GetServer(settings.Host, settings.Port);

    /// <summary>The client library's connection.</summary>
    public ConnectionMultiplexer Multiplexer => _multiplexer ?? throw new InvalidOperationException("the engine is not initialised");

    /// <summary>What is equal for two components that mean the same server and database.</summary>
    public static string Identity(Component component) => RedisSettings.Read(component).ToString();

    /// <summary>Connects, or throws a <see cref="ResourceException"/> that says which server is not there.</summary>
    /// <param name="channels">Whether the engine listens to Redis' own channels.</param>
    /// <param name="admin">
    /// Whether it sends <c>CLIENT</c> or <c>CONFIG</c>, which the client library counts among the commands of administrators.
    /// </param>
    public async Task OpenAsync(bool channels = false, bool admin = false)
    {
        RedisSettings.TellIgnored(component, log);
        var options = settings.ToOptions();
        options.AllowAdmin = admin;
        if (!channels)
            options.CommandMap = SingleKey;
        try
        {
            _multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
            await _multiplexer.GetDatabase().PingAsync();
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            await DisposeAsync();
            throw Refusal(error);
        }
    }

    /// <summary>A connection of its own for commands that block; it need not be there yet.</summary>
    public async Task<ConnectionMultiplexer> OpenSecondAsync(TimeSpan longest)
    {
        var options = settings.ToOptions();
        options.CommandMap = SingleKey;
        options.AllowAdmin = true;
        options.AbortOnConnectFail = false;
        options.AsyncTimeout = options.SyncTimeout = options.AsyncTimeout + (int)longest.TotalMilliseconds;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>
    /// Runs a command; throws <see cref="EngineRequestException"/> where the server refuses what was asked,
    /// <see cref="EngineTargetException"/> where it is away or cannot serve anybody now.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command)
    {
        try
        {
            return await command(Database);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            throw IsOfServer(error) ? new EngineTargetException(Explain(error)) : new EngineRequestException(Explain(error));
        }
    }

    // What a server says of its own state. The rest that it says is about the command.
    private static bool IsOfServer(Exception error) => error is not RedisServerException refused
        || ServerStates.Any(state => refused.Message.StartsWith(state, StringComparison.Ordinal));

    /// <summary>A failure in one sentence, without the client library's diagnostics.</summary>
    public string Explain(Exception error) => error switch
    {
        RedisServerException refused => refused.Message,
        TimeoutException => $"Redis at {Address} gave no answer within {settings.AnswerTimeout.TotalSeconds:0.#} s",
        RedisException => $"Redis at {Address} cannot be reached",
        _ => error.Message,
    };

    private ResourceException Refusal(Exception error)
    {
        var origin = component.MetadataOrigins.GetValueOrDefault("redisHost", component.Origin);
        var login = Messages(error).FirstOrDefault(
            m => m.Contains("NOAUTH", StringComparison.Ordinal) || m.Contains("WRONGPASS", StringComparison.Ordinal));
        if (login is not null)
        {
            return new ResourceException(
                origin, $"component '{component.Name}' ({component.Type}) may not use Redis at {Address}: {login}.",
                "Correct 'redisUsername' and 'redisPassword'.");
        }

        return new ResourceException(origin, $"component '{component.Name}' ({component.Type}) finds no Redis at {Address}.",
            $"Start one there (`redis-server --port {settings.Port}`, or `dapr init` for the default port), or correct 'redisHost'.");
    }

    private static IEnumerable<string> Messages(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
            yield return error.Message;
    }

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer is not null)
            await _multiplexer.DisposeAsync();
    }
}
