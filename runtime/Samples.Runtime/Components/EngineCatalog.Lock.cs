namespace Samples.Runtime.Components;

public static partial class EngineCatalog
{
    private static IEnumerable<EngineType> LockEngines() => [SqliteLockStore.Type, RedisLockStore.Type];
}
