using Samples.Defaults;

namespace Samples.ShardRouter.Ring;

/// <summary>A shard as it is named in the configuration.</summary>
/// <param name="Name">What the ring knows: keys stay where they are as long as it stays.</param>
/// <param name="Replicas">App ids, or addresses.</param>
public sealed record ShardEntry(string Name, IReadOnlyList<string> Replicas);

/// <summary>Reads <c>1: cache-shard-1-a, cache-shard-1-b; 2: cache-shard-2-a, cache-shard-2-b</c>.</summary>
public static class ShardList
{
    private const StringSplitOptions Words = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    /// <summary>At least one shard with at least one replica each.</summary>
    /// <exception cref="WrongSettingException">It is no such list; the message says what is wrong.</exception>
    public static IReadOnlyList<ShardEntry> Parse(string setting, string text)
    {
        var shards = text.Split(';', Words)
            .Select(shard => shard.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var replicas]
            && replicas.Split(',', Words) is { Length: > 0 } list
                ? new ShardEntry(name, list)
                : throw Wrong($"'{shard}' is no shard")).ToList();
        if (shards.Count == 0)
            throw Wrong("it names no shard, and no key would belong to anybody");
        if (shards.CountBy(s => s.Name).FirstOrDefault(n => n.Value > 1).Key is { } twice)
            throw Wrong($"shard '{twice}' stands there twice");
        return shards.SelectMany(s => s.Replicas).CountBy(r => r).FirstOrDefault(n => n.Value > 1).Key is { } shared
            ? throw Wrong($"replica '{shared}' stands there twice")
            : shards;

        WrongSettingException Wrong(string what) => new(
            $"{setting} is '{text}': {what}. Write a name, ':' and app ids, ',' between replicas of a shard and ';' between shards.");
    }
}
