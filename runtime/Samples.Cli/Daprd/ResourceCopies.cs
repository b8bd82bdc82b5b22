using Samples.Runtime.Resources;
using YamlDotNet.RepresentationModel;

namespace Samples.Cli.Daprd;

/// <summary>
/// Copies of resource folders that say where the Redis of this run is. The files of the repository name the usual place, and Dapr reads
/// no variables in components.
/// </summary>
internal sealed class ResourceCopies(string folder)
{
    private readonly Dictionary<string, string> _copies = [];

    /// <summary>Whether a component among these files and folders is one on Redis.</summary>
    public static bool NeedRedis(IEnumerable<string> paths) => paths.SelectMany(FilesOf).Where(IsYaml)
        .SelectMany(f => YamlMap.ReadFile(f)).Any(d => d.Text("kind") == "Component" && IsRedis(d.Map("spec")?.Text("type")));

    /// <summary>A folder with the resources of a file or folder; they name that Redis, where there is one.</summary>
    public string Of(string path, (string Host, int Database)? redis)
    {
        if (_copies.TryGetValue(path, out var made))
            return made;
        var copy = Directory.CreateDirectory(Path.Combine(folder, $"{_copies.Count + 1}")).FullName;
        foreach (var old in Directory.EnumerateFiles(copy))
            File.Delete(old);
        foreach (var file in FilesOf(path))
        {
            var target = Path.Combine(copy, Path.GetFileName(file));
            if (redis is { } place && IsYaml(file))
                Write(file, target, place);
            else
                File.Copy(file, target);
        }

        return _copies[path] = copy;
    }

    // As Dapr, the files of the folder and not of those below it.
    private static IEnumerable<string> FilesOf(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal) : [path];

    private static bool IsYaml(string file) => Path.GetExtension(file) is ".yaml" or ".yml";

    private static bool IsRedis(string? type) => type?.EndsWith(".redis", StringComparison.Ordinal) == true;

    private static void Write(string file, string target, (string Host, int Database) redis)
    {
        var yaml = new YamlStream();
        using (var reader = new StreamReader(file))
            yaml.Load(reader);
        foreach (var document in yaml.Documents)
        {
            if (document.RootNode is not YamlMappingNode root || Child(root, "spec") is not YamlMappingNode spec
                || !IsRedis((Child(spec, "type") as YamlScalarNode)?.Value))
                continue;
            if (Child(spec, "metadata") is not YamlSequenceNode metadata)
                spec.Children[new YamlScalarNode("metadata")] = metadata = new YamlSequenceNode();
            Set(metadata, "redisHost", redis.Host);
            Set(metadata, "redisDB", $"{redis.Database}");
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
