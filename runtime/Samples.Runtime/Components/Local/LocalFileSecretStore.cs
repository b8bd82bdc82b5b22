using System.Text.Json;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Local;

/// <summary>
/// A JSON file of secrets, read once at start. Nested objects become names joined with the separator; with <c>multiValued</c>, the
/// top level names the secrets and what is below are their values.
/// </summary>
public sealed class LocalFileSecretStore : ISecretStore
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _secrets;

    private LocalFileSecretStore(Dictionary<string, IReadOnlyDictionary<string, string>> secrets, bool multiValued)
    {
        _secrets = secrets;
        Capabilities = multiValued ? ["MULTIPLE_KEY_VALUES_PER_SECRET"] : [];
    }

    /// <summary><c>secretstores.local.file</c>.</summary>
    public static EngineType Type { get; } = new(
        "secretstores.local.file", [new("secretsFile", Required: true), new("nestedSeparator"), new("multiValued")], Create);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancel) =>
        Task.FromResult(_secrets.GetValueOrDefault(name));

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancel) =>
        Task.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(_secrets);

    private static LocalFileSecretStore Create(Component component, EngineContext context)
    {
        var file = Path.GetFullPath(component.Metadata["secretsFile"], context.BaseDirectory);
        var separator = component.Metadata.GetValueOrDefault("nestedSeparator", ":");
        var multiValued = component.Metadata.GetValueOrDefault("multiValued", "false").Equals("true", StringComparison.OrdinalIgnoreCase);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Wrong(component, $"'{file}' is not a JSON object.", "Write {\"name\": \"value\"}.");
            return new LocalFileSecretStore(
                multiValued ? Named(document.RootElement, separator) : Flat(document.RootElement, separator), multiValued);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Wrong(
                component, $"'{file}' cannot be read: {error.Message}",
                $"Create it, or correct the path; it is relative to {context.BaseDirectory}.");
        }
        catch (JsonException error)
        {
            throw Wrong(component, $"'{file}' is not JSON: {error.Message}", "Correct its syntax.");
        }
    }

    private static ResourceException Wrong(Component component, string problem, string cure) =>
        new(
            component.MetadataOrigins.GetValueOrDefault("secretsFile", component.Origin), $"component '{component.Name}': {problem}",
            cure);

    private static Dictionary<string, IReadOnlyDictionary<string, string>> Flat(JsonElement root, string separator) =>
        Leaves(root, separator).ToDictionary(
            l => l.Name, IReadOnlyDictionary<string, string> (l) => new Dictionary<string, string> { [l.Name] = l.Value },
            StringComparer.Ordinal);

    private static Dictionary<string, IReadOnlyDictionary<string, string>> Named(JsonElement root, string separator) =>
        root.EnumerateObject().ToDictionary(
            p => p.Name, IReadOnlyDictionary<string, string> (p) => p.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
            ? Leaves(p.Value, separator).ToDictionary(l => l.Name, l => l.Value, StringComparer.Ordinal)
            : new Dictionary<string, string> { [p.Name] = Text(p.Value) }, StringComparer.Ordinal);

    private static IEnumerable<(string Name, string Value)> Leaves(JsonElement element, string separator)
    {
        var members = element.ValueKind == JsonValueKind.Array
            ? element.EnumerateArray().Select(
                (value, index) => (Name: index.ToString(System.Globalization.CultureInfo.InvariantCulture), Value: value))
            : element.EnumerateObject().Select(p => (p.Name, p.Value));
        foreach (var (name, value) in members)
        {
            if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            {
                yield return (name, Text(value));
                continue;
            }

            foreach (var leaf in Leaves(value, separator))
                yield return (name + separator + leaf.Name, leaf.Value);
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
