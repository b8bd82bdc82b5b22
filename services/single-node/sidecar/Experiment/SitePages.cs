using LibGit2Sharp;

namespace Samples.Experiments.Sidecar;

/// <summary>The pages of the site, in a repository that git-sync-sidecar follows.</summary>
internal static class SitePages
{
    /// <summary>Paths whose answers are compared.</summary>
    public static readonly string[] Paths =
        ["", "version", "index.html", "empty.txt", "binary.bin", "deep/page.txt", "not/there", "index.html?with=query"];

    /// <summary>Commits pages that bear a mark; the result is the commit. The repository is made where there is none.</summary>
    public static string Publish(string path, string mark)
    {
        if (!Repository.IsValid(path))
            Repository.Init(path, isBare: true);
        using var repository = new Repository(path);
        var tree = new TreeDefinition();
        foreach (var (name, content) in Content(mark))
        {
            using var stream = new MemoryStream(content);
            tree.Add(name, repository.ObjectDatabase.CreateBlob(stream), Mode.NonExecutableFile);
        }

        var author = new Signature("samples", "samples@example.com", DateTimeOffset.UtcNow);
        Commit[] parents = repository.Branches["main"]?.Tip is { } tip ? [tip] : [];
        var commit = repository.ObjectDatabase.CreateCommit(
            author, author, mark, repository.ObjectDatabase.CreateTree(tree), parents, prettifyMessage: true);
        repository.Refs.Add("refs/heads/main", commit.Id, allowOverwrite: true);
        return commit.Sha;
    }

    /// <summary>Leads the branch to a commit that the repository does not have.</summary>
    public static void Break(string path) => File.WriteAllText(Path.Combine(path, "refs", "heads", "main"), new string('d', 40) + "\n");

    private static IEnumerable<(string Name, byte[] Content)> Content(string mark)
    {
        var bytes = new byte[1_000_000];
        new Random(mark.Length).NextBytes(bytes);
        yield return ("index.html", System.Text.Encoding.UTF8.GetBytes($"<!doctype html><title>{mark}</title><p>Grüße von {mark}</p>\n"));
        yield return ("mark.txt", System.Text.Encoding.UTF8.GetBytes(mark));
        yield return ("empty.txt", []);
        yield return ("binary.bin", bytes);
        yield return ("deep/page.txt", System.Text.Encoding.UTF8.GetBytes("deep\r\n"));
    }
}
