using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>
/// <c>state.redis</c> in Dapr's layout: a key is a hash of <c>data</c> and <c>version</c> (the ETag, from 1 on), and of <c>first-write</c>
/// once it was written under first-write. As with daprd, such a key then refuses writes without an ETag, and a write without a TTL leaves
/// the key the one it has. A transaction differs on purpose: it is applied whole or not at all, where daprd leaves what came before a
/// refused operation. Every operation on one key is one command with that key, so that a sharding proxy may stand in between.
/// </summary>
public sealed class RedisStateStore : IStateStore
{
    private const int ArgumentsPerKey = 5;
    private const int ScanPage = 1000;

    // Answers 0, or the number of the first write that is refused; then nothing is written. A key that is no hash counts as absent and is
    // replaced. Arguments for each key: set or del, the version that must match (0: none), the data, 0 for first-write, the TTL
    // (empty: as it is; 0: none).
    private const string Write = """
        local function version(key)
          local v = redis.pcall('HGET', key, 'version')
          if type(v) == 'string' and v ~= '' then return v end
          return nil
        end
        for i = 1, #KEYS do
          local at = (i - 1) * 5
          local has, wants = version(KEYS[i]), ARGV[at + 2]
          if has and has ~= wants then
            local marked = ARGV[at + 1] == 'set' and redis.call('HEXISTS', KEYS[i], 'first-write') == 1
            if wants ~= '0' or marked then return i end
          end
        end
        for i = 1, #KEYS do
          local at = (i - 1) * 5
          local key, ttl = KEYS[i], ARGV[at + 5]
          if ARGV[at + 1] == 'del' then
            redis.call('DEL', key)
          else
            if redis.call('TYPE', key)['ok'] ~= 'hash' then redis.call('DEL', key) end
            redis.call('HSET', key, 'data', ARGV[at + 3])
            if ARGV[at + 4] == '0' then redis.call('HSET', key, 'first-write', '0') end
            redis.call('HINCRBY', key, 'version', 1)
            if ttl == '0' then redis.call('PERSIST', key) elseif ttl ~= '' then redis.call('EXPIRE', key, ttl) end
          end
        end
        return 0
        """;

    private static readonly RedisValue[] Fields = ["data", "version"];

    private readonly RedisConnection _redis;
    private readonly TimeSpan? _ttl;

    private RedisStateStore(Component component, EngineContext context)
    {
        _redis = new RedisConnection(component, RedisSettings.Read(component), context.Loggers.CreateLogger("state." + component.Name));
        _ttl = RedisSettings.Number(component, "ttlInSeconds", int.MinValue) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("state.redis",
        [.. RedisSettings.Known, new("actorStateStore"), new("keyPrefix"), new("ttlInSeconds"), new("queryIndexes"),
            new("redeliverInterval"), new("processingTimeout"),
            .. OutboxSettings.Known],
        (component, context) => new RedisStateStore(component, context),
        (component, _) => $"{RedisConnection.Identity(component)} {component.Metadata.GetValueOrDefault("ttlInSeconds")}");

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; } = ["ETAG", "TRANSACTIONAL", "TTL", "KEYS_LIKE", "ACTOR"];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel) => _redis.OpenAsync();

    /// <inheritdoc/>
    public Task<StateItem?> GetAsync(string key, CancellationToken cancel) => _redis.RunAsync(async redis =>
    {
        try
        {
            return await redis.HashGetAsync(key, Fields) is [{ IsNull: false } data, { IsNull: false } version]
                ? new StateItem(Bytes(data), version.ToString())
                : null;
        }
        catch (RedisServerException error) when (IsWrongType(error))
        {
            // Something else wrote a plain text there: it can be read, but has no version.
            var text = await redis.StringGetAsync(key);
            return text.IsNull ? null : new StateItem(Bytes(text), "");
        }
    }).WaitAsync(cancel);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        await Task.WhenAll(keys.Select(k => GetAsync(k, cancel)));

    /// <inheritdoc/>
    public async Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel)
    {
        var arguments = new RedisValue[writes.Count * ArgumentsPerKey];
        for (var i = 0; i < writes.Count; i++)
            Arguments(writes[i], arguments.AsSpan(i * ArgumentsPerKey, ArgumentsPerKey));
        var keys = writes.Select(w => (RedisKey)w.Key).ToArray();
        var refused = (int)await _redis.RunAsync(
            redis => redis.ScriptEvaluateAsync(Write, keys, arguments, CommandFlags.NoScriptCache)).WaitAsync(cancel);
        if (refused == 0)
            return;
        var write = writes[refused - 1];
        if (write is StateWrite.Delete)
            throw new ETagMismatchException($"failed to delete {write.Key}");
        // As with daprd: only who gave an ETag is told of a mismatch.
        throw string.IsNullOrEmpty(write.ETag) && writes.Count == 1
            ? new EngineRequestException($"failed to set key {write.Key}: it was written under first-write, and no etag was passed")
            : new ETagMismatchException($"failed to set key {write.Key}");
    }

    private void Arguments(StateWrite write, Span<RedisValue> arguments)
    {
        if (write is not StateWrite.Set set)
        {
            (arguments[0], arguments[1]) = ("del", string.IsNullOrEmpty(write.ETag) ? "0" : write.ETag);
            (arguments[2], arguments[3], arguments[4]) = ("", "", "");
            return;
        }

        arguments[0] = "set";
        arguments[1] = set.Concurrency == Concurrency.LastWrite || string.IsNullOrEmpty(set.ETag) ? "0" : Version(set.ETag);
        arguments[2] = set.Data;
        arguments[3] = set.Concurrency == Concurrency.FirstWrite ? "0" : "1";
        arguments[4] = (set.Ttl ?? _ttl) is { } ttl ? Math.Max(0, (long)ttl.TotalSeconds).ToString(CultureInfo.InvariantCulture) : "";
    }

    private static string Version(string etag) =>
        long.TryParse(etag, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var version)
        ? version.ToString(CultureInfo.InvariantCulture)
        : throw new InvalidETagException($"strconv.Atoi: parsing \"{etag}\": invalid syntax");

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> KeysWithPrefixAsync(
        string prefix, CancellationToken cancel) => _redis.RunAsync<IReadOnlyList<string>>(async redis =>
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var key in _redis.Server.KeysAsync(redis.Database, Pattern(prefix), ScanPage).WithCancellation(cancel))
            keys.Add(key.ToString());
        return [.. keys];
    });

    /// <inheritdoc/>
    public Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel) => _redis.RunAsync(async redis =>
    {
        var deleted = 0L;
        await foreach (var key in _redis.Server.KeysAsync(redis.Database, Pattern(prefix), ScanPage).WithCancellation(cancel))
            deleted += await redis.KeyDeleteAsync(key) ? 1 : 0;
        return deleted;
    });

    private static string Pattern(string prefix)
    {
        var pattern = new StringBuilder();
        foreach (var c in prefix)
            (c is '*' or '?' or '[' or ']' or '\\' or '^' ? pattern.Append('\\') : pattern).Append(c);
        return pattern.Append('*').ToString();
    }

    private static byte[] Bytes(RedisValue value) => (byte[])value!;

    internal static bool IsWrongType(RedisServerException error) => error.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _redis.DisposeAsync();
}
