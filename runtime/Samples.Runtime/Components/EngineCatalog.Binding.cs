namespace Samples.Runtime.Components;

public static partial class EngineCatalog
{
    private static IEnumerable<EngineType> BindingEngines() => [CronBinding.Type, LocalStorageBinding.Type, HttpBinding.Type, RedisBinding.Type];
}
