using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Deploy;

/// <summary>
/// A pattern is one room: all of it lies in its folder, and the files of all patterns that cannot find it by themselves name it.
/// </summary>
public sealed partial class RoomTests
{
    private static readonly string[] Parts = ["single-node", "serving", "batch"];

    // What stands between the pattern's name and its state in the README's table.
    private static readonly Dictionary<string, string> States = File.ReadLines(Checkout.Full("README.md")).Select(l => Row().Match(l))
        .Where(m => m.Success).ToDictionary(m => m.Groups["pattern"].Value, m => m.Groups["state"].Value);

    /// <summary>Every folder below a part of the book that has something in it, as <c>serving/ownership</c>.</summary>
    public static TheoryData<string> Patterns =>
    [
        .. Parts.SelectMany(part => Directory.EnumerateDirectories(Checkout.Full($"services/{part}"))
            .Where(IsStarted).Select(folder => $"{part}/{Path.GetFileName(folder)}")).Order(StringComparer.Ordinal),
    ];

    [Theory, MemberData(nameof(Patterns))]
    public void A_pattern_has_all_that_patterns_have(string pattern)
    {
        var missing = MissingOf(pattern).ToList();
        var lacks = $"{pattern} lacks:\n{string.Join('\n', missing)}";
        // The README tells readers what they can expect: what it calls planned may be half done.
        var planned = States.GetValueOrDefault(Path.GetFileName(pattern)) == "planned";
        Assert.SkipWhen(planned && missing.Count > 0, lacks);
        Assert.True(missing.Count == 0, lacks);
        Assert.False(planned, $"{pattern} is all there: the README's table can say that it works");
    }

    [Fact]
    public void Every_pattern_that_works_has_a_folder() =>
        Assert.Empty(States.Where(s => s.Value == "works").Select(s => s.Key).Except(Patterns.Select(p => Path.GetFileName(p.Data))));

    [Fact]
    public void What_is_missing_is_named_with_where_it_belongs()
    {
        var missing = MissingOf("serving/nothing").ToList();
        Assert.Equal(13, missing.Count);
        Assert.Contains(
            missing, m => m.Contains("services/serving/nothing/Experiment/Samples.Experiments.Nothing.csproj", StringComparison.Ordinal));
        Assert.Contains(missing, m => m.Contains("tests/Services/Nothing", StringComparison.Ordinal));
    }

    private static IEnumerable<string> MissingOf(string pattern)
    {
        var (folder, name) = ($"services/{pattern}", Path.GetFileName(pattern));
        var type = string.Concat(name.Split('-').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        (string Path, string What)[] files =
        [
            ("README.md", "the page"), ("dapr.yaml", "the run template"), ("compose.yaml", "its services for Docker Compose"),
            ("kubernetes/kustomization.yaml", "its workloads"), ("try.http", "requests to click on"),
            ($"Experiment/Samples.Experiments.{type}.csproj", "traffic, faults and claims"),
        ];
        foreach (var (path, what) in files.Where(f => !File.Exists(Checkout.Full($"{folder}/{f.Path}"))))
            yield return $"{folder}/{path}: {what}";

        if (!HasFile(Checkout.Full($"tests/Services/{type}"), "*Tests.cs"))
            yield return $"tests/Services/{type}: its tests";
        if (!HasFile(Checkout.Full(folder), "Program.cs"))
            yield return $"{folder}/<Service>/Program.cs: a service";

        (string Path, string Line)[] lines =
        [
            ("README.md", $"| [{name}]({folder}) |"), ("docker-compose.yml", $"- {folder}/compose.yaml"),
            ("deploy/kubernetes/base/kustomization.yaml", $"- ../../../{folder}/kubernetes"),
            ("services/lab/Samples.Lab.Experiments/Experiments.cs", $"new {type}Experiment(),"),
        ];
        foreach (var (path, line) in lines.Where(l => !Mentions(l.Path, l.Line)))
            yield return $"{path}: a line with `{line}`";

        if (ProjectsOf(folder) is { Count: > 0 } projects
            && projects.TrueForAll(p => Mentions("Samples.sln", $"\"{p.Replace('/', '\\')}\"")))
            yield break;
        yield return $"Samples.sln: all its projects (dotnet sln add {folder}/*/*.csproj)";
    }

    private static List<string> ProjectsOf(string folder) => !Directory.Exists(Checkout.Full(folder)) ? [] :
        [.. Directory.EnumerateFiles(Checkout.Full(folder), "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Checkout.Root, p).Replace('\\', '/'))];

    private static bool IsStarted(string folder) => HasFile(folder, "*.cs") || HasFile(folder, "*.md") || HasFile(folder, "*.yaml");

    private static bool HasFile(string folder, string pattern) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Any();

    private static bool Mentions(string path, string text) =>
        File.ReadLines(Checkout.Full(path)).Any(l => l.Contains(text, StringComparison.Ordinal));

    [GeneratedRegex(@"^\| \[?(?<pattern>[a-z-]+)(\]\([^)]*\))? \|.*\| (?<state>[^|]+) \|$")]
    private static partial Regex Row();
}
