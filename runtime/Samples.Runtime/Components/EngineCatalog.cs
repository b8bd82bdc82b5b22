using Samples.Runtime.Components.Cron;
using Samples.Runtime.Components.Http;
using Samples.Runtime.Components.InMemory;
using Samples.Runtime.Components.Local;
using Samples.Runtime.Components.Redis;
using Samples.Runtime.Components.Sqlite;

namespace Samples.Runtime.Components;

/// <summary>
/// All engines, by type. An engine is a file in the folder of what it stands on, with a static <c>Type</c> property, and one line here:
/// that is all that adding an engine needs.
/// </summary>
public static class EngineCatalog
{
    /// <summary>The known types, ordered by name.</summary>
    public static IReadOnlyDictionary<string, EngineType> All { get; } = new SortedDictionary<string, EngineType>(
        new EngineType[]
        {
            InMemoryStateStore.Type,
            InMemoryBroker.Type,

            SqliteStateStore.Type,
            SqliteBroker.Type,
            SqliteLockStore.Type,
            SqliteConfigurationStore.Type,

            RedisStateStore.Type,
            RedisBroker.Type,
            RedisLockStore.Type,
            RedisConfigurationStore.Type,
            RedisBinding.Type,

            LocalStorageBinding.Type,
            LocalFileSecretStore.Type,
            LocalEnvironmentSecretStore.Type,

            HttpBinding.Type,
            CronBinding.Type,
        }.ToDictionary(engine => engine.Type),
        StringComparer.Ordinal);

    /// <summary>True for types whose components are started before all others.</summary>
    public static bool IsSecretStore(string type) => type.StartsWith("secretstores.", StringComparison.Ordinal);
}
