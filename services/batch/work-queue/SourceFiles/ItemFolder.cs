namespace Samples.SourceFiles;

/// <summary>One item that can be had now.</summary>
public sealed record Item(string Id, long Size);

/// <summary>
/// A folder as a source of items: the file's name is the item's id. A mounted ConfigMap looks like <c>name -> ..data/name</c> with
/// <c>..data -> ..2026_..</c>, so that names with a dot in front are none of ours, and links are followed as long as they stay inside.
/// </summary>
public sealed class ItemFolder(ItemFolderOptions options, TimeProvider time)
{
    // What browsers and copying programs call a file that they have not finished.
    private static readonly string[] Unfinished = [".part", ".tmp", ".crdownload"];

    // Files that nobody was writing, as they were then: the kernel is asked once for each version of a file.
    private Dictionary<string, (DateTime Written, long Size)> _complete = new(StringComparer.Ordinal);

    /// <summary>
    /// The files that nobody writes and that were left alone for long enough, by name. A folder that does not exist yet is an empty one.
    /// </summary>
    public IReadOnlyList<Item> List()
    {
        var (known, complete) = (_complete, new Dictionary<string, (DateTime, long)>(StringComparer.Ordinal));
        var latest = time.GetUtcNow().UtcDateTime - options.Settled;
        foreach (var (name, file) in Files())
        {
            var version = (file.LastWriteTimeUtc, file.Length);
            if ((known.TryGetValue(name, out var before) && before == version)
                || (file.LastWriteTimeUtc <= latest && !OpenFiles.IsBeingWritten(file.FullName)))
                complete[name] = version;
        }

        _complete = complete;
        return [.. complete.Select(f => new Item(f.Key, f.Value.Item2)).OrderBy(i => i.Id, StringComparer.Ordinal)];
    }

    /// <summary>The content of an item; null where there is no such file in the folder, or none that may be read.</summary>
    public Stream? Open(string id)
    {
        if (!IsName(id) || Resolve(Path.Combine(options.Folder, id)) is not { Exists: true } file)
            return null;
        try
        {
            return file.OpenRead();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private IEnumerable<(string Name, FileInfo File)> Files() => !Directory.Exists(options.Folder) ? [] :
        Directory.EnumerateFiles(options.Folder).Select(path => (Name: Path.GetFileName(path), File: Resolve(path)))
            .Where(f => IsName(f.Name) && f.File is { Exists: true }).Select(f => (f.Name, f.File!));

    private static bool IsName(string name) => name.Length > 0 && name[0] != '.' && name == Path.GetFileName(name) && !name.Contains('\\')
        && !name.Any(char.IsControl) && !Unfinished.Any(end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private FileInfo? Resolve(string path)
    {
        var file = new FileInfo(path);
        try
        {
            var target = file.ResolveLinkTarget(returnFinalTarget: true);
            if (target is null)
                return file;
            var inside = Path.GetFullPath(options.Folder) + Path.DirectorySeparatorChar;
            return Path.GetFullPath(target.FullName).StartsWith(inside, StringComparison.Ordinal) ? new FileInfo(target.FullName) : null;
        }
        catch (IOException)
        {
            // It vanished meanwhile, or is a link to itself.
            return null;
        }
    }
}
