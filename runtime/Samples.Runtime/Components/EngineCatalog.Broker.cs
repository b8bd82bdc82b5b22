namespace Samples.Runtime.Components;

public static partial class EngineCatalog
{
    private static IEnumerable<EngineType> BrokerEngines() => [InMemoryBroker.Type, SqliteBroker.Type, RedisBroker.Type];
}
