namespace Samples.Runtime.Components;

public static partial class EngineCatalog
{
    /// <summary>True for types whose components are started before all others.</summary>
    public static bool IsSecretStore(string type) => type.StartsWith("secretstores.", StringComparison.Ordinal);

    private static IEnumerable<EngineType> SecretEngines() => [LocalFileSecretStore.Type, LocalEnvironmentSecretStore.Type];
}
