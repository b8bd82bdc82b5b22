using System.Globalization;
using Samples.Defaults;

namespace Samples.ShardRouter.Ring;

/// <summary>
/// What the ring is made of, and how it is used. Each can be changed while it runs, by a configuration key of the name in brackets.
/// </summary>
public sealed record RingSettings
{
    /// <summary>At most, a shard.</summary>
    public const int MostPoints = 1 << 20;

    private static readonly string[] Names = ["shards", "points", "bound", "copies", "fallback", "handover"];

    /// <summary>The shards [shards].</summary>
    public required IReadOnlyList<ShardEntry> Shards { get; init; }

    /// <summary>Virtual nodes of each shard [points].</summary>
    public required int Points { get; init; }

    /// <summary>How many times its even share of the load a shard may get; infinite: no bound [bound, or <c>off</c>].</summary>
    public required double Bound { get; init; }

    /// <summary>Whether hot keys are copied [copies: <c>on</c>, <c>off</c>].</summary>
    public bool Copies { get; init; } = true;

    /// <summary>Whether the origin answers where nobody of a shard does [fallback].</summary>
    public bool Fallback { get; init; } = true;

    /// <summary>Whether a key's new shard asks its former one [handover].</summary>
    public bool Handover { get; init; } = true;

    /// <summary>The keys of a router with this app id.</summary>
    public static string[] KeysOf(string router) => [.. Names.Select(name => $"{router}.{name}")];

    /// <summary>These settings with what configuration says. Nothing is taken where a part of it is wrong.</summary>
    /// <exception cref="WrongSettingException">The message says what, and what is allowed.</exception>
    public RingSettings With(string router, IReadOnlyDictionary<string, string> values)
    {
        return this with
        {
            Shards = Of("shards") is { } shards ? ShardList.Parse($"{router}.shards", shards) : Shards,
            Points = Of("points") is { } points
                ? int.TryParse(points, out var number) && number is >= 1 and <= MostPoints
                    ? number
                    : throw new WrongSettingException($"{router}.points is '{points}'; give a whole number between 1 and {MostPoints}.")
                : Points,
            Bound = Of("bound") switch
            {
                null => Bound,
                "off" => double.PositiveInfinity,
                var text when double.TryParse(text, CultureInfo.InvariantCulture, out var bound) && bound >= 1 => bound,
                var text => throw new WrongSettingException(
                    $"{router}.bound is '{text}'; give a number of at least 1 (1 is exactly even, 1.25 is usual), or off."),
            },
            Copies = Switch("copies", Copies),
            Fallback = Switch("fallback", Fallback),
            Handover = Switch("handover", Handover),
        };

        string? Of(string name) => values.GetValueOrDefault($"{router}.{name}");

        bool Switch(string name, bool otherwise) => Of(name) switch
        {
            null => otherwise,
            "on" => true,
            "off" => false,
            var text => throw new WrongSettingException($"{router}.{name} is '{text}'; give on or off."),
        };
    }
}
