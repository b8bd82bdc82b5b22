using YamlDotNet.RepresentationModel;

namespace Samples.Runtime.Resources;

/// <summary>
/// Reads Dapr resources strictly: a mistake stops the start with the place, the component and the cure, because a typo that vanishes is
/// found in production. What Dapr itself passes over is a warning with the cure, so that other people's files run as they are.
/// </summary>
public static class ResourceLoader
{
    private static readonly string[] ComponentFields = ["apiVersion", "kind", "metadata", "spec", "scopes", "auth"];
    private static readonly string[] KindsOfDapr = ["Configuration", "WorkflowAccessPolicy", "MCPServer"];
    private static readonly string[] SpecFields = ["type", "version", "metadata", "initTimeout", "ignoreErrors"];

    /// <summary>
    /// The resources that <paramref name="appId"/> may see, from files and folders (their <c>*.yaml</c> and <c>*.yml</c>, by name).
    /// </summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="appId">The application; others' scoped components are checked, then left out.</param>
    /// <param name="known">The types of components that there are.</param>
    /// <param name="variables">What <c>{name}</c> in a metadata value stands for.</param>
    /// <exception cref="ResourceException">All that is wrong.</exception>
    public static ResourceSet Load(
        IReadOnlyList<string> paths, string appId, IEnumerable<ComponentType> known, IReadOnlyDictionary<string, string>? variables = null)
    {
        var types = known.ToDictionary(type => type.Type, StringComparer.Ordinal);
        var found = new Found(appId, types, variables ?? new Dictionary<string, string>());
        var problems = new Problems();
        foreach (var file in problems.Try(() => paths.SelectMany(Files).ToList()) ?? [])
        {
            foreach (var (position, document) in (problems.Try(() => YamlMap.ReadFile(file)) ?? []).Index())
                problems.Try(() => Read(document, position, found, problems));
        }

        foreach (var group in found.Components.GroupBy(c => c.Name).Where(g => g.Count() > 1))
        {
            problems.Try(() => throw new ResourceException(group.Last().Origin,
                $"component '{group.Key}' is already defined at {group.First().Origin}.",
                "Names are unique over all files of a resources path: rename or remove one."));
        }

        problems.ThrowIfAny();
        return found.ForApp();
    }

    private static void Read(YamlMap document, int position, Found found, Problems problems)
    {
        switch (document.Text("kind"))
        {
            case "Component":
                if (ReadComponent(document, found, problems) is { } component)
                    found.Components.Add(component);
                break;
            case "Subscription":
                found.Subscriptions.Add(SubscriptionReader.Read(document));
                break;
            case "HTTPEndpoint":
                found.Endpoints.Add(HttpEndpoint.Read(document));
                break;
            case "Resiliency":
                found.Resiliencies.Add(ResiliencyReader.Read(document));
                if (position > 0)
                {
                    found.Warn(document.Origin,
                        "daprd sees a Resiliency only where it is the first document of its file; move this one to a file of its own.");
                }

                break;
            case "Configuration":
                found.Warn(document.Origin,
                    "a Configuration in a resources path is passed over, as daprd does; "
                    + "name its file as 'configFilePath', outside of this folder.");
                break;
            case var kind when IsOfDapr(document) && kind is not null && !KindsOfDapr.Contains(kind):
                throw document.ErrorAt("kind", $"kind '{kind}' is unknown.", "Known: Component, HTTPEndpoint, Resiliency, Subscription.");
            case var kind:
                found.Warn(document.Origin, kind is null
                    ? "this is no resource of Dapr's (it has no 'kind') and is passed over; move it out of the resources path."
                    : $"kind '{kind}' means nothing to the embedded runtime and is passed over; move it out of the resources path.");
                break;
        }
    }

    private static bool IsOfDapr(YamlMap document) => document.Text("apiVersion")?.StartsWith("dapr.io/", StringComparison.Ordinal) == true;

    /// <summary>What the files of one application hold.</summary>
    private sealed class Found(
        string appId, Dictionary<string, ComponentType> types, IReadOnlyDictionary<string, string> variables)
    {
        private readonly List<string> _warnings = [];

        public string AppId => appId;

        public Dictionary<string, ComponentType> Types => types;

        public IReadOnlyDictionary<string, string> Variables => variables;

        public List<Component> Components { get; } = [];

        public List<Subscription> Subscriptions { get; } = [];

        public List<HttpEndpoint> Endpoints { get; } = [];

        public List<Resiliency> Resiliencies { get; } = [];

        public void Warn(Origin origin, string what) => _warnings.Add($"{origin}: {what}");

        public ResourceSet ForApp() => new(
            [.. Components.Where(c => c.IsVisibleTo(appId))],
            [.. Subscriptions.Where(s => IsFor(s.Scopes))])
        {
            HttpEndpoints = [.. Endpoints.Where(e => IsFor(e.Scopes))],
            Resiliencies = [.. Resiliencies.Where(r => IsFor(r.Scopes))],
            Warnings = _warnings,
        };

        private bool IsFor(IReadOnlyList<string> scopes) => scopes.Count == 0 || scopes.Contains(appId);
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

    private static Component? ReadComponent(YamlMap root, Found found, Problems problems)
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
        var scopes = root.Texts("scopes");
        var ignoreErrors = spec.Text("ignoreErrors") == "true";
        if (!found.Types.TryGetValue(type, out var engine))
        {
            var known = $"The embedded runtime has: {string.Join(", ", found.Types.Keys)}";
            if (!ignoreErrors && (scopes.Count == 0 || scopes.Contains(found.AppId)))
                throw spec.Error($"component '{name}' has the unknown type '{type}'.", known + ".");
            found.Warn(spec.Origin, $"component '{name}' is left out: its type '{type}' is unknown. {known}; run with daprd for others.");
            return null;
        }

        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var origins = new Dictionary<string, Origin>(StringComparer.OrdinalIgnoreCase);
        var references = new List<SecretReference>();
        foreach (var item in spec.Maps("metadata"))
            problems.Try(() => ReadSetting(item));

        foreach (var missing in engine.Settings.Where(s => s.Required && !origins.ContainsKey(s.Name)))
            problems.Try(() => throw spec.Error(
                $"component '{name}' ({type}) lacks the setting '{missing.Name}'.", "Add it under 'spec.metadata'."));

        return new Component(name, type, spec.Text("version") ?? "v1", metadata, root.Origin)
        {
            Scopes = scopes,
            IgnoreErrors = ignoreErrors,
            MetadataOrigins = origins,
            SecretReferences = references,
        };

        void ReadSetting(YamlMap item)
        {
            item.AllowOnly(["name", "value", "secretKeyRef", "envRef"], $"component '{name}'");
            var key = item.Text("name")
                ?? throw item.Error($"a metadata item of component '{name}' has no 'name'.", "Each item is 'name' and 'value'.");
            if (engine.Settings.FirstOrDefault(s => s.Name.Equals(key, StringComparison.OrdinalIgnoreCase)) is not { } setting)
            {
                throw item.Error($"component '{name}' ({type}) has the unknown setting '{key}'.",
                    $"Known: {string.Join(", ", engine.Settings.Where(s => s.WithoutEffect is null).Select(s => s.Name))}.");
            }

            if (setting.WithoutEffect is { } why)
                found.Warn(item.Origin, $"the setting '{key}' of component '{name}' ({type}) has no effect here: {why}.");
            if (item.Map("secretKeyRef") is { } reference)
                references.Add(SecretReference.Read(key, reference, root, $"component '{name}'"));
            origins[key] = item.Origin;
            metadata[key] = Expand(Value(item, name), found.Variables);
        }
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
