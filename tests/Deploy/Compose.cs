using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Samples.Deploy;

/// <summary>
/// <c>docker-compose.yml</c> as Compose reads it: with the files that it includes, services with what they extend, paths absolute. The
/// rules are those of the Compose specification, as far as these files use them: maps are merged, lists are joined, a command and a
/// health check replace.
/// </summary>
internal static partial class Compose
{
    private static readonly string[][] Replacing = [["command"], ["healthcheck", "test"]];
    private static readonly List<string> Read = [];

    static Compose()
    {
        var file = Load(Checkout.Full("docker-compose.yml"));
        Services = file.At("services").Fields().ToDictionary(s => s.Key, s => s.Value);
        Volumes = file.At("volumes").Fields().Select(v => v.Key).ToHashSet();
    }

    public static IReadOnlyDictionary<string, YamlNode> Services { get; }

    public static IReadOnlySet<string> Volumes { get; }

    /// <summary>Every file that was read.</summary>
    public static IEnumerable<string> Files => Read.Distinct();

    private static YamlMappingNode Load(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var file = Open(path);
        foreach (var included in file.Texts("include").Select(i => Load(Path.GetFullPath(i, folder))))
            Include(included, file);
        foreach (var (name, service) in file.At("services").Fields().ToList())
            file.At("services").Map().Children[name] = Extend(service.Map(), folder);
        return file;
    }

    private static YamlMappingNode Open(string path)
    {
        Read.Add(path);
        var file = Checkout.ReadYaml(path).Single().Map();
        foreach (var service in file.At("services").Fields().Select(s => s.Value.Map()))
            MakeAbsolute(service, Path.GetDirectoryName(path)!);
        return file;
    }

    // A name that both have is refused, as Compose does.
    private static void Include(YamlMappingNode included, YamlMappingNode file)
    {
        foreach (var (section, resources) in included.Fields().Where(f => f.Key is "services" or "volumes" or "networks"))
        {
            if (file.Find(section) is null)
                file.Add(section, new YamlMappingNode());
            foreach (var (name, resource) in resources.Fields())
                file.At(section).Map().Add(name, resource);
        }
    }

    private static YamlMappingNode Extend(YamlMappingNode service, string folder)
    {
        if (service.Find("extends") is not { } extends)
            return service;
        var path = Path.GetFullPath(extends.Text("file"), folder);
        var extended = Extend(Open(path).At("services", extends.Text("service")).Map(), Path.GetDirectoryName(path)!);
        service.Children.Remove("extends");
        return Merge(extended, service, []).Map();
    }

    private static YamlNode Merge(YamlNode below, YamlNode above, string[] path) => (below, above) switch
    {
        _ when Replacing.Any(r => r.SequenceEqual(path)) => above,
        (YamlMappingNode one, YamlMappingNode other) => new YamlMappingNode(one.Fields().Concat(other.Fields()).GroupBy(f => f.Key)
            .Select(g => (g.Key, Merged: g.Select(f => f.Value).Aggregate((a, b) => Merge(a, b, [.. path, g.Key]))))
            .Select(f => KeyValuePair.Create<YamlNode, YamlNode>(f.Key, f.Merged))),
        (YamlSequenceNode one, YamlSequenceNode other) => new YamlSequenceNode(one.Concat(other)),
        (YamlScalarNode, YamlScalarNode) => above,
        _ => throw new FormatException($"{string.Join('.', path)}: {above} cannot extend {below}"),
    };

    private static void MakeAbsolute(YamlMappingNode service, string folder)
    {
        if (service.Find("volumes") is YamlSequenceNode volumes)
            service.Children["volumes"] = new YamlSequenceNode(
                volumes.Texts().Select(v => (YamlNode)Absolute(Default().Replace(v, "$1"), folder)));
        if (service.Find("build", "context") is { } context)
            service.At("build").Map().Children["context"] = Path.GetFullPath(((YamlScalarNode)context).Value!, folder);
    }

    // A source that does not begin with a dot is the name of a volume.
    private static string Absolute(string volume, string folder) =>
        volume.StartsWith('.') ? string.Join(':', [Path.GetFullPath(volume.Split(':')[0], folder), .. volume.Split(':')[1..]]) : volume;

    // ${NAME:-default}
    [GeneratedRegex(@"\$\{[A-Z_]+:-([^}]*)\}")]
    private static partial Regex Default();
}
