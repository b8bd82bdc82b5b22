using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Samples.Deploy;

/// <summary>The repository's files, as these tests compare them.</summary>
internal static partial class Checkout
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));

    /// <summary>Every entry of every pattern's run template.</summary>
    public static IReadOnlyList<TemplateEntry> Entries { get; } = [.. Templates.SelectMany(TemplateEntry.ReadAll)];

    public static IEnumerable<string> Templates =>
        Directory.EnumerateFiles(Full("services"), "dapr.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>Every project below <c>services</c>, by assembly name.</summary>
    public static IReadOnlyDictionary<string, string> Projects { get; } = Directory.EnumerateFiles(
        Full("services"), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(p => Path.GetFileNameWithoutExtension(p)!, Path.GetFullPath);

    /// <summary>A path below the root.</summary>
    public static string Full(string path) => Path.GetFullPath(Path.Combine(Root, path));

    /// <summary>The documents of a file; the parser refuses a key that stands twice in one map.</summary>
    public static IReadOnlyList<YamlNode> ReadYaml(string file)
    {
        var stream = new YamlStream();
        using var reader = new StreamReader(file);
        stream.Load(reader);
        return [.. stream.Documents.Select(d => Merge(d.RootNode))];
    }

    // Merge keys (<<), as Docker Compose resolves them: a key of the map itself wins.
    private static YamlNode Merge(YamlNode node)
    {
        if (node is YamlSequenceNode list)
            return new YamlSequenceNode(list.Select(Merge));
        if (node is not YamlMappingNode map)
            return node;
        var merged = new YamlMappingNode(
            map.Children.Where(c => c.Key is not YamlScalarNode { Value: "<<" }).Select(c => KeyValuePair.Create(c.Key, Merge(c.Value))));
        foreach (var (key, value) in map.Find("<<").Fields().Where(f => !merged.Children.ContainsKey(new YamlScalarNode(f.Key))))
            merged.Add(new YamlScalarNode(key), Merge(value));
        return merged;
    }

    /// <summary>The source code of all services.</summary>
    public static IEnumerable<(string File, string Text)> Sources =>
        Directory.EnumerateFiles(Full("services"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}lab{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => (f, File.ReadAllText(f)));

    /// <summary><c>QueueManager</c> to <c>queue-manager</c>: how the suite derives names of apps and images from projects.</summary>
    public static string Kebab(string name) => Capital().Replace(name, "-$0").ToLowerInvariant();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex Capital();
}

/// <summary>Short ways into YAML; what is missing fails the test with its place.</summary>
internal static class Yaml
{
    public static YamlMappingNode Map(this YamlNode node) =>
        node as YamlMappingNode ?? throw new FormatException($"{node}: a map is expected");

    public static YamlNode? Find(this YamlNode node, params string[] path)
    {
        foreach (var key in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(new YamlScalarNode(key), out var next))
                return null;
            node = next;
        }

        return node;
    }

    public static YamlNode At(this YamlNode node, params string[] path) =>
        node.Find(path) ?? throw new FormatException($"'{string.Join(".", path)}' is missing in {node}");

    public static string Text(this YamlNode node, params string[] path) => ((YamlScalarNode)node.At(path)).Value ?? "";

    public static string? TextOrNull(this YamlNode node, params string[] path) => (node.Find(path) as YamlScalarNode)?.Value;

    public static IReadOnlyList<string> Texts(this YamlNode node, params string[] path) => node.Find(path) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Select(i => ((YamlScalarNode)i).Value ?? "")],
        YamlScalarNode one => [one.Value ?? ""],
        var other => throw new FormatException($"{other}: a list is expected"),
    };

    public static IEnumerable<YamlNode> Items(this YamlNode node, params string[] path) =>
        node.Find(path) as YamlSequenceNode ?? Enumerable.Empty<YamlNode>();

    public static IEnumerable<KeyValuePair<string, YamlNode>> Fields(this YamlNode? node) => node is null ? [] :
        node.Map().Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, c.Value));
}
