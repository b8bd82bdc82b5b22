using System.Collections;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Local;

/// <summary>Environment variables as secrets; with <c>prefix</c>, only those that start with it, and their names without it.</summary>
public sealed class LocalEnvironmentSecretStore(string prefix) : ISecretStore
{
    // What opens the sidecar itself is nobody's secret to read, as in Dapr.
    private static readonly string[] Withheld = ["APP_API_TOKEN", "DAPR_API_TOKEN"];

    /// <summary><c>secretstores.local.env</c>.</summary>
    public static EngineType Type { get; } = new("secretstores.local.env", [new("prefix")], Create);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancel)
    {
        // An unset variable is an empty secret in Dapr, not an absent one: applications rely on it for optional settings.
        var value = Withheld.Contains(prefix + name, StringComparer.OrdinalIgnoreCase)
            ? ""
            : Environment.GetEnvironmentVariable(prefix + name) ?? "";
        return Task.FromResult<IReadOnlyDictionary<string, string>?>(new Dictionary<string, string> { [name] = value });
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancel)
    {
        var all = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || Withheld.Contains(name, StringComparer.OrdinalIgnoreCase))
                continue;
            all[name[prefix.Length..]] = new Dictionary<string, string> { [name[prefix.Length..]] = (string?)variable.Value ?? "" };
        }

        return Task.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(all);
    }

    private static LocalEnvironmentSecretStore Create(Component component, EngineContext context) =>
        new(component.Metadata.GetValueOrDefault("prefix", ""));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
