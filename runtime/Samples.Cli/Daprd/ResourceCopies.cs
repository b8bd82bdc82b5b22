using Samples.Runtime.Resources;
using YamlDotNet.RepresentationModel;

namespace Samples.Cli.Daprd;

/// <summary>
/// Copies of resource folders that say where the Redis of this run is, and its data folder. The files of the repository name the usual
/// place, and Dapr reads no variables in components.
/// </summary>
internal sealed class ResourceCopies(string folder)
{
    private const string DataVariable = "{dataDir}";

    private readonly Dictionary<(string Path, string Data), string> _copies = [];

    /// <summary>Whether a component among these files and folders is one on Redis.</summary>
    public static bool NeedRedis(IEnumerable<string> paths) => paths.SelectMany(FilesOf).Where(IsYaml)
        .SelectMany(f => YamlMap.ReadFile(f)).Any(d => d.Text("kind") == "Component" && IsRedis(d.Map("spec")?.Text("type")));

    /// <summary>A folder with the resources of a file or folder; they name that Redis, where there is one.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="data">The data folder: what <c>{dataDir}</c> stands for in values.</param>
    /// <param name="redis">The Redis.</param>
    public string Of(string path, string data, (string Host, int Database)? redis)
    {
        if (_copies.TryGetValue((path, data), out var made))
            return made;
        var copy = Directory.CreateDirectory(Path.Combine(folder, $"{_copies.Count + 1}")).FullName;
        foreach (var old in Directory.EnumerateFiles(copy))
            File.Delete(old);
        foreach (var file in FilesOf(path))
        {
            var target = Path.Combine(copy, Path.GetFileName(file));
            if (IsYaml(file))
                Write(file, target, data, redis);
            else
                File.Copy(file, target);
        }

        return _copies[(path, data)] = copy;
    }

    // As Dapr, the files of the folder and not of those below it.
    private static IEnumerable<string> FilesOf(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal) : [path];

    private static bool IsYaml(string file) => Path.GetExtension(file) is ".yaml" or ".yml";

    private static bool IsRedis(string? type) => type?.EndsWith(".redis", StringComparison.Ordinal) == true;

    private static void Write(string file, string target, string data, (string Host, int Database)? redis)
    {
        var yaml = new YamlStream();
        using (var reader = new StreamReader(file))
            yaml.Load(reader);
        foreach (var document in yaml.Documents)
        {
            if (document.RootNode is not YamlMappingNode root || Child(root, "spec") is not YamlMappingNode spec)
                continue;
            var metadata = Child(spec, "metadata") as YamlSequenceNode;
            foreach (var value in metadata?.OfType<YamlMappingNode>().Select(m => Child(m, "value")).OfType<YamlScalarNode>() ?? [])
                value.Value = value.Value?.Replace(DataVariable, data, StringComparison.Ordinal);
            if (redis is not { } place || !IsRedis((Child(spec, "type") as YamlScalarNode)?.Value))
                continue;
            if (metadata is null)
                spec.Children[new YamlScalarNode("metadata")] = metadata = new YamlSequenceNode();
            Set(metadata, "redisHost", place.Host);
            Set(metadata, "redisDB", $"{place.Database}");
        }

        using var writer = new StreamWriter(target);
        yaml.Save(writer, assignAnchors: false);
    }

    private static void Set(YamlSequenceNode metadata, string name, string value)
    {
        var items = metadata.Children.OfType<YamlMappingNode>();
        foreach (var old in items.Where(m => (Child(m, "name") as YamlScalarNode)?.Value == name).ToList())
            metadata.Children.Remove(old);
        metadata.Add(
            new YamlMappingNode("name", name, "value", new YamlScalarNode(value) { Style = YamlDotNet.Core.ScalarStyle.DoubleQuoted }));
    }

    private static YamlNode? Child(YamlMappingNode map, string key) =>
        map.Children.FirstOrDefault(c => (c.Key as YamlScalarNode)?.Value == key).Value;
}
