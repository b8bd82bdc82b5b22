using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>An entry of a stream on its way to a handler.</summary>
internal sealed class RedisMessage(RedisValue entryId, BrokerMessage message) : QueuedMessage(Time(entryId), message)
{
    /// <summary>What the server calls it.</summary>
    public RedisValue EntryId => entryId;

    public static RedisMessage Read(string topic, RedisValue id, RedisValue[] fields)
    {
        ReadOnlyMemory<byte> data = default;
        var metadata = new Dictionary<string, string>();
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            if (fields[i] == "data")
                data = (byte[])fields[i + 1]!;
            else if (fields[i] == "metadata")
                metadata = Metadata(fields[i + 1]);
        }

        return new RedisMessage(id, new BrokerMessage(topic, data, null, metadata) { Expires = Expiry(id, metadata) });
    }

    // An envelope carries its own expiry; a raw payload has nothing but the publisher's wish and the time of the entry.
    private static DateTimeOffset? Expiry(RedisValue id, Dictionary<string, string> metadata) =>
        metadata.ContainsKey("rawPayload")
            && int.TryParse(metadata.GetValueOrDefault("ttlInSeconds"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeMilliseconds(Time(id)).AddSeconds(seconds)
            : null;

    private static Dictionary<string, string> Metadata(RedisValue json)
    {
        try
        {
            return json.IsNullOrEmpty ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(json.ToString()) ?? [];
        }
        catch (JsonException)
        {
            // Not written by Dapr: the data may be of use all the same.
            return [];
        }
    }

    // The first part of an entry's id is the time in milliseconds.
    private static long Time(RedisValue id) =>
        long.TryParse(id.ToString().Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time : 0;
}
