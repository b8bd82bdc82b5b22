using System.Globalization;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary><c>bindings.redis</c>: plain keys by the metadata <c>key</c>; <c>ttlInSeconds</c> where a key is written.</summary>
public sealed class RedisBinding : IOutputBinding
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly RedisConnection _redis;

    private RedisBinding(Component component, EngineContext context) =>
        _redis = new RedisConnection(component, RedisSettings.Read(component), context.Loggers.CreateLogger("bindings." + component.Name));

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("bindings.redis", [.. RedisSettings.Known, new("direction"), new("route")],
        (component, context) => new RedisBinding(component, context),
        (component, _) => RedisConnection.Identity(component));

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => ["OUTPUT_BINDING"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Operations => ["create", "delete", "get", "increment"];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel) => _redis.OpenAsync();

    /// <inheritdoc/>
    public async Task<BindingResult> InvokeAsync(
        string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel)
    {
        var key = metadata.GetValueOrDefault("key", "");
        if (key.Length == 0)
            throw new EngineRequestException("redis binding: missing key in request metadata");
        return new BindingResult(await RunAsync(operation, key, data, metadata).WaitAsync(cancel), Nothing);
    }

    private Task<ReadOnlyMemory<byte>> RunAsync(
        string operation,
        string key,
        ReadOnlyMemory<byte> data,
        IReadOnlyDictionary<string, string> metadata) => _redis.RunAsync(async redis =>
    {
        switch (operation)
        {
            case "create":
                await redis.StringSetAsync(key, data, Ttl(metadata), When.Always);
                return default;
            case "increment":
                var ttl = Ttl(metadata);
                await redis.StringIncrementAsync(key);
                if (ttl is not null)
                    await redis.KeyExpireAsync(key, ttl);
                return default;
            case "delete":
                await redis.KeyDeleteAsync(key);
                return default;
            default:
                var value = metadata.GetValueOrDefault("delete") == "true"
                    ? await redis.StringGetDeleteAsync(key)
                    : await redis.StringGetAsync(key);
                return value.IsNull ? default(ReadOnlyMemory<byte>) : (byte[])value!;
        }
    });

    private static TimeSpan? Ttl(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.GetValueOrDefault("ttlInSeconds") is not { Length: > 0 } text)
            return null;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            throw new EngineRequestException($"ttlInSeconds value must be a valid integer: actual is '{text}'");
        return seconds is > 0 and <= int.MaxValue
            ? TimeSpan.FromSeconds(seconds)
            : throw new EngineRequestException($"ttlInSeconds value must be higher than zero: actual is {seconds}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _redis.DisposeAsync();
}
