using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>A store of secrets. A secret is a set of named values, often one under its own name.</summary>
public interface ISecretStore : IEngine, ISecretSource
{
    /// <summary>All secrets.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancel);
}
