using YamlDotNet.RepresentationModel;

namespace Samples.Runtime.Resources;

/// <summary>
/// Reads Dapr resources strictly: what it does not know stops the start with the place, the component and the cure, because a typo
/// that vanishes is found in production.
/// </summary>
public static class ResourceLoader
{
    private static readonly string[] ComponentFields = ["apiVersion", "kind", "metadata", "spec", "scopes", "auth"];
    private static readonly string[] SpecFields = ["type", "version", "metadata", "initTimeout", "ignoreErrors"];

    /// <summary>
    /// The resources that <paramref name="appId"/> may see, from files and folders (their <c>*.yaml</c> and <c>*.yml</c>, by name).
    /// </summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="appId">The application; others' scoped components are checked, then left out.</param>
    /// <param name="known">The types of components that there are.</param>
    /// <param name="variables">What <c>{name}</c> in a metadata value stands for.</param>
    /// <exception cref="ResourceException">The first thing that is wrong.</exception>
    public static ResourceSet Load(
        IReadOnlyList<string> paths, string appId, IEnumerable<ComponentType> known, IReadOnlyDictionary<string, string>? variables = null)
    {
        var types = known.ToDictionary(type => type.Type, StringComparer.Ordinal);
        var components = new List<Component>();
        var subscriptions = new List<Subscription>();
        var endpoints = new List<HttpEndpoint>();
        var resiliencies = new List<Resiliency>();
        var warnings = new List<string>();
        foreach (var file in paths.SelectMany(Files))
        {
            foreach (var (position, document) in YamlMap.ReadFile(file).Index())
            {
                switch (document.Text("kind") ?? throw document.Error("has no 'kind'.", "Add one: Component, HTTPEndpoint, Resiliency or Subscription."))
                {
                    case "Component":
                        components.Add(ReadComponent(document, types, variables ?? new Dictionary<string, string>()));
                        break;
                    case "Subscription":
                        subscriptions.Add(SubscriptionReader.Read(document));
                        break;
                    case "HTTPEndpoint":
                        endpoints.Add(HttpEndpoint.Read(document));
                        break;
                    case "Resiliency":
                        resiliencies.Add(ResiliencyReader.Read(document));
                        if (position > 0)
                            warnings.Add($"{document.Origin}: daprd sees a Resiliency only where it is the first document of its file; move this one to a file of its own.");
                        break;
                    case "Configuration":
                        throw document.Error(
                            "a Configuration in a resources path is passed over by daprd.",
                            "Name its file as 'configFilePath' instead, and move it out of here.");
                    case var kind:
                        throw document.Error($"kind '{kind}' is unknown.", "Known: Component, HTTPEndpoint, Resiliency, Subscription.");
                }
            }
        }

        foreach (var group in components.GroupBy(c => c.Name).Where(g => g.Count() > 1))
        {
            throw new ResourceException(group.Last().Origin, $"component '{group.Key}' is already defined at {group.First().Origin}.",
                "Names are unique over all files of a resources path: rename or remove one.");
        }

        return new ResourceSet(
            [.. components.Where(c => c.IsVisibleTo(appId))],
            [.. subscriptions.Where(s => s.Scopes.Count == 0 || s.Scopes.Contains(appId))])
        {
            HttpEndpoints = [.. endpoints.Where(e => e.Scopes.Count == 0 || e.Scopes.Contains(appId))],
            Warnings = warnings,
            Resiliencies = [.. resiliencies.Where(r => r.Scopes.Count == 0 || r.Scopes.Contains(appId))],
        };
    }

    private static IEnumerable<string> Files(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new ResourceException(
                new Origin(path, 0), "the resources path does not exist.", "Create it, or correct 'resourcesPath'.");
        return Directory.EnumerateFiles(path).Where(
            f => f.EndsWith(".yaml", StringComparison.Ordinal) || f.EndsWith(".yml", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    private static Component ReadComponent(
        YamlMap root, Dictionary<string, ComponentType> types, IReadOnlyDictionary<string, string> variables)
    {
        root.AllowOnly(ComponentFields);
        if (root.Text("apiVersion") is not "dapr.io/v1alpha1")
            throw root.Error(
                $"apiVersion '{root.Text("apiVersion")}' is not one of a Component.", "Write 'apiVersion: dapr.io/v1alpha1'.");
        var name = root.Map("metadata")?.Text("name")
            ?? throw root.Error("a component has no 'metadata.name'.", "Applications call it by that name: add one.");
        var spec = root.Map("spec")
            ?? throw root.Error($"component '{name}' has no 'spec'.", "Add 'spec' with 'type', 'version' and 'metadata'.");
        spec.AllowOnly(SpecFields, $"component '{name}'");
        var type = spec.Text("type") ?? throw spec.Error($"component '{name}' has no 'spec.type'.", "For example 'type: state.sqlite'.");
        if (!types.TryGetValue(type, out var engine))
            throw spec.Error(
                $"component '{name}' has the unknown type '{type}'.", $"The embedded runtime has: {string.Join(", ", types.Keys)}.");

        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var origins = new Dictionary<string, Origin>(StringComparer.OrdinalIgnoreCase);
        var references = new List<SecretReference>();
        foreach (var item in spec.Maps("metadata"))
        {
            item.AllowOnly(["name", "value", "secretKeyRef", "envRef"], $"component '{name}'");
            var key = item.Text("name")
                ?? throw item.Error($"a metadata item of component '{name}' has no 'name'.", "Each item is 'name' and 'value'.");
            if (!engine.Settings.Any(s => s.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            {
                throw item.Error($"component '{name}' ({type}) has the unknown setting '{key}'.",
                    $"Known: {string.Join(", ", engine.Settings.Select(s => s.Name))}.");
            }

            if (item.Map("secretKeyRef") is { } reference)
                references.Add(SecretReference.Read(key, reference, root, $"component '{name}'"));
            metadata[key] = Expand(Value(item, name), variables);
            origins[key] = item.Origin;
        }

        foreach (var missing in engine.Settings.Where(s => s.Required && !metadata.ContainsKey(s.Name)))
            throw spec.Error($"component '{name}' ({type}) lacks the setting '{missing.Name}'.", "Add it under 'spec.metadata'.");

        return new Component(name, type, spec.Text("version") ?? "v1", metadata, root.Origin)
        {
            Scopes = root.Texts("scopes"),
            IgnoreErrors = spec.Text("ignoreErrors") == "true",
            MetadataOrigins = origins,
            SecretReferences = references,
        };
    }

    private static string Value(YamlMap item, string component)
    {
        if (item.Text("envRef") is { } variable)
        {
            return Environment.GetEnvironmentVariable(variable)
                ?? throw item.Error(
                    $"component '{component}' asks for the environment variable '{variable}', which is not set.", "Set it.");
        }

        return item.Text("value") ?? "";
    }

    private static string Expand(string value, IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (name, replacement) in variables)
            value = value.Replace('{' + name + '}', replacement, StringComparison.Ordinal);
        return value;
    }
}
