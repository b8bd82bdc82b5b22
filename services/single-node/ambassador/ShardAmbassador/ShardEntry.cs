using System.Globalization;
using Samples.Defaults;
using Samples.ShardAmbassador.Ring;

namespace Samples.ShardAmbassador;

/// <summary>One server of the list, written as in twemproxy's configuration: <c>host:port:weight name</c>.</summary>
/// <param name="Server">Its name and weight.</param>
/// <param name="Host">Where it is, or <c>dapr</c>: then <paramref name="Place"/> is an app id that is asked for the address.</param>
/// <param name="Place">The port, or the app id.</param>
internal sealed record ShardEntry(ShardServer Server, string Host, string Place)
{
    /// <summary>How to write it, for messages.</summary>
    public const string Form =
        "write 'host:port:weight name' (or 'dapr:app-id:weight name'), separated by commas; weight and name may be left out.";

    // The port that libmemcached left out of the names that it hashed, and twemproxy after it.
    private const string MemcachedPort = "11211";

    /// <summary>Reads the list and refuses names that stand in it twice: their keys would have two homes.</summary>
    public static IReadOnlyList<ShardEntry> ParseList(string text)
    {
        ShardEntry[] entries = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];
        if (entries.Length == 0)
            throw new WrongSettingException($"SHARDS is empty; {Form}");
        foreach (var twice in entries.CountBy(e => e.Server.Name).Where(c => c.Value > 1))
            throw new WrongSettingException($"SHARDS has the name '{twice.Key}' {twice.Value} times; every server needs its own.");
        return entries;
    }

    private static ShardEntry Parse(string entry)
    {
        var words = entry.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var parts = words[0].Split(':');
        var weight = 1;
        if (parts.Length is not (2 or 3) || parts.Any(p => p.Length == 0)
            || (parts.Length == 3 && !int.TryParse(parts[2], NumberStyles.None, null, out weight)) || weight is < 1 or > 1000
            || (parts[0] != "dapr" && !(int.TryParse(parts[1], NumberStyles.None, null, out var port) && port is > 0 and < 65536)))
            throw new WrongSettingException($"SHARDS has the entry '{entry}'; {Form}");
        var name = words.Length == 2 ? words[1]
            : parts[0] == "dapr" ? parts[1]
            : parts[1] == MemcachedPort ? parts[0]
            : $"{parts[0]}:{parts[1]}";
        return new ShardEntry(new ShardServer(name, weight), parts[0], parts[1]);
    }
}
