namespace Samples.Runtime.Components;

public static partial class EngineCatalog
{
    private static IEnumerable<EngineType> StateEngines() => [InMemoryStateStore.Type, SqliteStateStore.Type, RedisStateStore.Type];
}
