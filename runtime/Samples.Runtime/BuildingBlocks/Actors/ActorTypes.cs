using System.Text.Json;
using Samples.Runtime.BuildingBlocks.Scheduling;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>One actor.</summary>
internal readonly record struct ActorId(string Type, string Id)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Type}/{Id}";
}

/// <summary>How actors of one type are treated.</summary>
internal sealed record ActorSettings
{
    /// <summary>An actor that was not used for so long is deactivated.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>How long a replica that stops is waited for while it has turns to finish.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether the turns of a replica that stops are waited for at all.</summary>
    public bool Drains { get; init; } = true;

    /// <summary>Whether a chain of calls may come back into an actor that is already in it.</summary>
    public bool Reentrant { get; init; }

    /// <summary>The longest chain within one actor.</summary>
    public int MaxStackDepth { get; init; } = 32;
}

/// <summary>What an application tells about its actors at <c>/dapr/config</c>.</summary>
internal static class ActorTypes
{
    /// <summary>The settings by actor type; empty for an application without actors. Throws <see cref="JsonException"/>.</summary>
    public static IReadOnlyDictionary<string, ActorSettings> Parse(ReadOnlySpan<byte> json)
    {
        var config = JsonSerializer.Deserialize<Config>(json, JsonSerializerOptions.Web);
        var all = new Dictionary<string, ActorSettings>(StringComparer.Ordinal);
        var defaults = Apply(
            new ActorSettings(), config?.ActorIdleTimeout, config?.DrainOngoingCallTimeout, config?.DrainRebalancedActors,
            config?.Reentrancy);
        foreach (var type in config?.Entities ?? [])
            all[type] = defaults;
        foreach (var own in config?.EntitiesConfig ?? [])
        {
            // Dapr gives a type of its own block the global defaults, not the ones of the application.
            var settings = Apply(
                new ActorSettings(), own.ActorIdleTimeout, own.DrainOngoingCallTimeout, own.DrainRebalancedActors, own.Reentrancy);
            foreach (var type in (own.Entities ?? []).Where(all.ContainsKey))
                all[type] = settings;
        }

        return all;
    }

    private static ActorSettings Apply(ActorSettings settings, string? idle, string? drain, bool? drains, Reentrancy? reentrancy) =>
        settings with
        {
            IdleTimeout = Duration(idle) ?? settings.IdleTimeout,
            DrainTimeout = Duration(drain) ?? settings.DrainTimeout,
            Drains = drains ?? settings.Drains,
            Reentrant = reentrancy?.Enabled ?? settings.Reentrant,
            MaxStackDepth = reentrancy?.MaxStackDepth ?? settings.MaxStackDepth,
        };

    // One that cannot be read is the default, as in daprd.
    private static TimeSpan? Duration(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : TimeNotation.ParsePeriod(text).Time;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private sealed record Reentrancy(bool? Enabled, int? MaxStackDepth);

    private sealed record Entity(
        string[]? Entities,
        string? ActorIdleTimeout,
        string? DrainOngoingCallTimeout,
        bool? DrainRebalancedActors,
        Reentrancy? Reentrancy);

    private sealed record Config(
        string[]? Entities, string? ActorIdleTimeout, string? DrainOngoingCallTimeout, bool? DrainRebalancedActors, Reentrancy? Reentrancy,
        Entity[]? EntitiesConfig);
}
