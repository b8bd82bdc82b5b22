using YamlDotNet.RepresentationModel;

namespace Samples.Deploy;

/// <summary>One replica of a service in a pattern's <c>dapr.yaml</c>.</summary>
internal sealed record TemplateEntry(
    string Template, string Pattern, string AppId, int Number, int Replicas, YamlNode Node, IReadOnlyDictionary<string, string> Environment)
{
    public string Folder => Path.GetDirectoryName(Template)!;

    public int AppPort => int.Parse(Node.Text("appPort"));

    /// <summary>As the command <c>samples</c> and Compose call it: the app id, with a number where there are several.</summary>
    public string Name => Replicas > 1 ? $"{AppId}-{Number}" : AppId;

    /// <summary>The assembly that it starts.</summary>
    public string Assembly => Path.GetFileNameWithoutExtension(Node.Texts("command")[1]);

    /// <summary>The folder of the project that makes the assembly.</summary>
    public string Project => Path.GetDirectoryName(Checkout.Projects[Assembly])!;

    /// <summary>The name of its image.</summary>
    public string Image => "samples/" + Checkout.Kebab(Path.GetFileName(Project));

    /// <summary>
    /// What containers do with a real Redis instead, and applications that know nothing of Dapr: those are containers beside an adapter.
    /// </summary>
    public bool IsStandIn => Assembly == "Samples.RedisShard"
        || (Assembly.StartsWith("Samples.Legacy", StringComparison.Ordinal) && Assembly != "Samples.LegacySite");

    /// <summary>
    /// The pod that it is a container of: where containers share one, it has the name of the one that is its door, and that one's sidecar
    /// of Dapr's.
    /// </summary>
    public string Pod => Shared.TryGetValue(AppId, out var door) ? door : Name;

    /// <summary>False for a container in another one's pod.</summary>
    public bool HasOwnPod => Pod == Name;

    private static readonly Dictionary<string, string> Shared =
        new[] { "legacy-site", "config-sidecar", "log-sidecar", "topz-sidecar", "git-sync-sidecar" }
        .ToDictionary(a => a, _ => "tls-sidecar");

    public static IEnumerable<TemplateEntry> ReadAll(string template)
    {
        var root = Checkout.ReadYaml(template).Single();
        var apps = root.Items("apps").ToList();
        var numbers = new Dictionary<string, int>();
        foreach (var app in apps)
        {
            var id = app.Text("appID");
            numbers[id] = numbers.GetValueOrDefault(id) + 1;
            var environment = root.Find("common", "env").Fields().Concat(app.Find("env").Fields()).GroupBy(f => f.Key)
                .ToDictionary(g => g.Key, g => ((YamlScalarNode)g.Last().Value).Value!);
            yield return new TemplateEntry(
                template,
                Path.GetFileName(Path.GetDirectoryName(template))!,
                id,
                numbers[id],
                apps.Count(a => a.Text("appID") == id),
                app,
                environment);
        }
    }
}
