namespace Samples.Runtime.Resources;

/// <summary>Who knows the secrets that resources refer to.</summary>
public interface ISecretSource
{
    /// <summary>The values of a secret by their names; null where the secret is absent.</summary>
    Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancel);
}
