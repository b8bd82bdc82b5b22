using System.Globalization;
using Samples.Runtime.Resources;

namespace Samples.Cli.RunTemplate;

/// <summary>Sizes as Kubernetes and Dapr write them: <c>4Mi</c>, <c>500K</c>, or bytes.</summary>
internal static class Quantity
{
    /// <summary>daprd's own.</summary>
    public const long DefaultBodySize = 4 << 20;

    private static readonly (string Unit, long Bytes)[] Units =
        [("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("k", 1000), ("K", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("", 1)];

    /// <summary>A size in bytes.</summary>
    public static long Read(YamlMap map, string key) => Read(map.Text(key)!)
        ?? throw map.ErrorAt(key, $"'{key}' is '{map.Text(key)}', which is no size.", "Write for example 4Mi, 500K or a number of bytes.");

    /// <summary>A size in bytes; null for a text that is none.</summary>
    public static long? Read(string text)
    {
        var (unit, bytes) = Units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        return decimal.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number > 0 && number * bytes <= long.MaxValue
                ? (long)(number * bytes)
                : null;
    }
}
