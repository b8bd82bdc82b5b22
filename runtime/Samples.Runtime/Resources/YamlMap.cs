using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Samples.Runtime.Resources;

/// <summary>A mapping of a YAML file that knows where it stands.</summary>
public sealed class YamlMap(YamlMappingNode node, string file)
{
    /// <summary>Where it begins.</summary>
    public Origin Origin { get; } = new(file, (int)node.Start.Line);

    /// <summary>The documents of a file; an empty document is left out.</summary>
    public static IReadOnlyList<YamlMap> ReadFile(string file)
    {
        var stream = new YamlStream();
        try
        {
            using var text = File.OpenText(file);
            stream.Load(text);
        }
        catch (YamlException error)
        {
            throw new ResourceException(
                new Origin(file, (int)error.Start.Line), $"this is not YAML: {error.Message}", "Correct the syntax.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ResourceException(new Origin(file, 0), $"cannot be read: {error.Message}", "Check the path and its permissions.");
        }

        return
        [
            .. stream.Documents.Where(
                d => d.RootNode is not YamlScalarNode { Value: "" or null }).Select(d => d.RootNode is YamlMappingNode map
                ? new YamlMap(map, file)
                : throw new ResourceException(
                    new Origin(file, (int)d.RootNode.Start.Line), "a mapping is expected here.", "Write 'key: value' lines.")),
        ];
    }

    /// <summary>Names of the fields, in the order of the file.</summary>
    public IEnumerable<string> Keys => node.Children.Keys.Select(k => (k as YamlScalarNode)?.Value ?? "");

    /// <summary>Where a field stands.</summary>
    public Origin OriginOf(string key)
    {
        var named = node.Children.Keys.FirstOrDefault(k => k is YamlScalarNode { Value: var name } && name == key);
        var place = named ?? node.Children.Keys.FirstOrDefault(k => k is not YamlScalarNode) ?? node;
        return new Origin(file, (int)place.Start.Line);
    }

    /// <summary>True where the field is there.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A scalar's text; null where it is absent.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        YamlScalarNode scalar => scalar.Value,
        var other => throw At(other, $"'{key}' must be a single value.", "Write it on one line."),
    };

    /// <summary>A whole number; null where it is absent.</summary>
    public int? Number(string key) => Text(key) is not { } text ? null
        : int.TryParse(text, out var number) ? number
        : throw At(Find(key)!, $"'{key}' is '{text}', which is no whole number.", "Write digits only.");

    /// <summary>A mapping; null where it is absent.</summary>
    public YamlMap? Map(string key) => Find(key) switch
    {
        null => null,
        YamlMappingNode map => new YamlMap(map, file),
        var other => throw At(other, $"'{key}' must be a mapping.", "Write 'key: value' lines below it."),
    };

    /// <summary>A list of mappings; empty where it is absent.</summary>
    public IReadOnlyList<YamlMap> Maps(string key) =>
        [
            .. Items(key).Select(
                i => i is YamlMappingNode map
                    ? new YamlMap(map, file)
                    : throw At(i, $"an item of '{key}' must be a mapping.", "Begin it with '- name: ...'."))
        ];

    /// <summary>A list of scalars; empty where it is absent.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        [
            .. Items(key).Select(
                i => i is YamlScalarNode scalar
                    ? scalar.Value!
                    : throw At(i, $"an item of '{key}' must be a single value.", "Write '- value'."))
        ];

    /// <summary>Refuses fields that nobody would read.</summary>
    public void AllowOnly(IReadOnlyList<string> known, string? of = null)
    {
        foreach (var key in node.Children.Keys)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!known.Contains(name, StringComparer.Ordinal))
                throw At(key, $"{(of is null ? "" : of + " has the ")}unknown field '{name}'.", $"Known: {string.Join(", ", known)}.");
        }
    }

    /// <summary>An error at this mapping.</summary>
    public ResourceException Error(string problem, string cure) => new(Origin, problem, cure);

    /// <summary>An error at one field of this mapping.</summary>
    public ResourceException ErrorAt(string key, string problem, string cure) =>
        Find(key) is { } found ? At(found, problem, cure) : Error(problem, cure);

    private ResourceException At(YamlNode where, string problem, string cure) =>
        new(new Origin(file, (int)where.Start.Line), problem, cure);

    private YamlNode? Find(string key) =>
        node.Children.TryGetValue(new YamlScalarNode(key), out var value)
            && value is not YamlScalarNode { Value: null or "", Style: ScalarStyle.Plain }
            ? value
            : null;

    private IEnumerable<YamlNode> Items(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => list.Children,
        var other => throw At(other, $"'{key}' must be a list.", "Begin each item with '- '."),
    };
}
