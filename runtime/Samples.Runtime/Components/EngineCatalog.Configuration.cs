namespace Samples.Runtime.Components;

public static partial class EngineCatalog
{
    private static IEnumerable<EngineType> ConfigurationEngines() => [SqliteConfigurationStore.Type, RedisConfigurationStore.Type];
}
