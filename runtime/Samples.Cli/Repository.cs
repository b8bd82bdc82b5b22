using Samples.Runtime.Resources;

namespace Samples.Cli;

/// <summary>The checkout that the command works on: its patterns and where their data go.</summary>
internal sealed record Repository(string Root)
{
    /// <summary>Data of patterns started with <c>run</c>.</summary>
    public string Data => Path.Combine(Root, ".samples");

    /// <summary>Every pattern that can be run, by name.</summary>
    public IReadOnlyList<Pattern> Patterns =>
    [
        .. Directory.EnumerateFiles(
            Path.Combine(Root, "services"), "dapr.yaml", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
            .Select(template => new Pattern(Path.GetFileName(Path.GetDirectoryName(template)!), template))
            .OrderBy(p => p.Name, StringComparer.Ordinal),
    ];

    /// <summary>The checkout around the current folder, or the one that the command was built in.</summary>
    public static Repository Find()
    {
        foreach (var start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "Samples.sln")))
                    return new Repository(folder);
            }
        }

        throw new ResourceException(
            Origin.Code, "Samples.sln was not found above the current folder.", "Run the command inside a checkout.");
    }

    /// <summary>
    /// The folder of components of that name (<c>components/NAME</c>), or the folder at that path; null stands for the default.
    /// </summary>
    public string? Components(string? name)
    {
        if (name is null)
            return null;
        var all = Path.Combine(Root, "components");
        var known = Directory.EnumerateDirectories(all).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        return new[] { Path.Combine(all, name), Path.GetFullPath(name) }.FirstOrDefault(Directory.Exists)
            ?? throw new ResourceException(
                Origin.Code,
                $"there are no components '{name}'.",
                $"Name one of {string.Join(", ", known)}, or a folder of your own.");
    }

    /// <summary>The pattern of that name.</summary>
    public Pattern Require(string name) => Patterns.FirstOrDefault(p => p.Name == name)
        ?? throw new ResourceException(
            Origin.Code, $"there is no pattern '{name}'.", $"Patterns: {string.Join(", ", Patterns.Select(p => p.Name))}.");
}

/// <summary>A pattern's name and its run template.</summary>
internal sealed record Pattern(string Name, string Template)
{
    /// <summary>The promise: the first quoted line of the pattern's page.</summary>
    public string Promise
    {
        get
        {
            var page = Path.Combine(Path.GetDirectoryName(Template)!, "README.md");
            return File.Exists(page)
                ? File.ReadLines(page).FirstOrDefault(l => l.StartsWith("> ", StringComparison.Ordinal))?[2..] ?? ""
                : "";
        }
    }
}
