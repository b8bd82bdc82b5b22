using System.Text.Json;

namespace Samples.Runtime.Testing;

/// <summary>The resources of a test: files and folders, and what it writes in its own code.</summary>
internal sealed class TestResources : IDisposable
{
    private readonly List<string> _paths = [];

    /// <summary>For what components keep in files.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("dapr-test-").FullName;

    public IReadOnlyList<string> Paths => [.. _paths];

    public void AddPath(string path)
    {
        var full = Path.GetFullPath(path);
        _paths.Add(Path.Exists(full) ? full : throw new TestDaprException(
            $"there are no resources at '{full}'. A relative path begins at the working directory, '{Environment.CurrentDirectory}': copy "
            + "the files to the output folder, or name them from AppContext.BaseDirectory."));
    }

    public void Add(string name, string type, IEnumerable<(string Name, string Value)> metadata) => Write(name, $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {Quoted(name)}
        spec:
          type: {Quoted(type)}
          version: v1
          metadata:{string.Concat(metadata.Select(m => $"\n  - name: {Quoted(m.Name)}\n    value: {Quoted(m.Value)}"))}
        """);

    public void Add(string yaml) => Write("resources", yaml);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // A JSON string is a YAML string.
    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private void Write(string name, string yaml)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, ".resources")).FullName;
        var safe = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '_'));
        var file = Path.Combine(folder, $"{_paths.Count + 1}-{safe}.yaml");
        File.WriteAllText(file, yaml);
        _paths.Add(file);
    }
}
