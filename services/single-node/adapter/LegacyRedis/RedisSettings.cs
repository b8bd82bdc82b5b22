using Samples.Parameters;

namespace Samples.LegacyRedis;

/// <summary>What can be set.</summary>
internal static class RedisSettings
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "legacy-redis", "a real application to adapt: redis-server where it is installed, else Garnet.",
    [
        new("REDIS_PORT", "6430", "The port of Redis, on 127.0.0.1."),
        new("SAMPLES_FREE_PORTS", "false", "true takes a free port in place of this one; GET /address says which."),
        new("ASPNETCORE_URLS", "http://localhost:5000", "Where GET /address is."),
    ]);
}
