namespace Samples.SourceFiles;

/// <summary>Where the items are.</summary>
/// <param name="Folder">A folder of files, or a mounted ConfigMap.</param>
/// <param name="Settled">How long a file must have been left alone before it is an item: somebody may still be writing it.</param>
public sealed record ItemFolderOptions(string Folder, TimeSpan Settled)
{
    /// <summary>From <c>SAMPLES_FOLDER</c> (or <c>pictures</c> in the data folder) and <c>SOURCE_SETTLED_MS</c>.</summary>
    public static ItemFolderOptions From(IConfiguration configuration)
    {
        var folder = configuration["SAMPLES_FOLDER"] is { Length: > 0 } own ? own : Path.Combine(configuration["SAMPLES_DATA"] ?? ".samples/work-queue", "pictures");
        var settled = configuration.GetValue("SOURCE_SETTLED_MS", 500);
        return settled is >= 0 and <= 60_000
            ? new ItemFolderOptions(Path.GetFullPath(folder), TimeSpan.FromMilliseconds(settled))
            : throw new InvalidOperationException($"SOURCE_SETTLED_MS is {settled}; give milliseconds between 0 and 60000.");
    }
}

/// <summary>One item that can be had now.</summary>
public sealed record Item(string Id, long Size);

/// <summary>
/// A folder as a source of items: the file's name is the item's id. A mounted ConfigMap looks like <c>name -> ..data/name</c> with
/// <c>..data -> ..2026_..</c>, so that names with a dot in front are none of ours, and links are followed as long as they stay inside.
/// </summary>
public sealed class ItemFolder(ItemFolderOptions options, TimeProvider time)
{
    /// <summary>The files that have been left alone for long enough, by name. A folder that does not exist yet is an empty one.</summary>
    public IReadOnlyList<Item> List()
    {
        if (!Directory.Exists(options.Folder))
            return [];
        var latest = time.GetUtcNow().UtcDateTime - options.Settled;
        return
        [
            .. Directory.EnumerateFiles(options.Folder).Select(path => (Name: Path.GetFileName(path), File: Resolve(path)))
                .Where(f => IsName(f.Name) && f.File is { Exists: true } && f.File.LastWriteTimeUtc <= latest)
                .Select(f => new Item(f.Name, f.File!.Length)).OrderBy(i => i.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>The content of an item; null where there is no such file in the folder.</summary>
    public Stream? Open(string id)
    {
        if (!IsName(id) || Resolve(Path.Combine(options.Folder, id)) is not { Exists: true } file)
            return null;
        try
        {
            return file.OpenRead();
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsName(string name) => name.Length > 0 && name[0] != '.' && name == Path.GetFileName(name) && !name.Contains('\\') && !name.Contains('\0');

    private FileInfo? Resolve(string path)
    {
        var file = new FileInfo(path);
        try
        {
            // Each part of the way may be a link: in a ConfigMap the folder of the target is one.
            var target = file.ResolveLinkTarget(returnFinalTarget: true);
            if (target is null)
                return file;
            var inside = Path.GetFullPath(options.Folder) + Path.DirectorySeparatorChar;
            return Path.GetFullPath(target.FullName).StartsWith(inside, StringComparison.Ordinal) ? new FileInfo(target.FullName) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
