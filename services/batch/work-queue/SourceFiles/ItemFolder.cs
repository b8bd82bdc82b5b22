using Samples.Files;

namespace Samples.SourceFiles;

/// <summary>One item that can be had now.</summary>
public sealed record Item(string Id, long Size);

/// <summary>
/// A folder as a source of items: the file's name is the item's id. A mounted ConfigMap looks like <c>name -> ..data/name</c> with
/// <c>..data -> ..2026_..</c>, so that names with a dot in front are none of ours, and links are followed as long as they stay inside.
/// What is no regular file (a pipe, a socket, a device) is no item and is never opened.
/// </summary>
public sealed class ItemFolder(ItemFolderOptions options, TimeProvider time, ILogger<ItemFolder> log)
{
    // What browsers and copying programs call a file that they have not finished.
    private static readonly string[] Unfinished = [".part", ".tmp", ".crdownload"];

    private readonly Lock _gate = new();

    // Files that nobody was writing, as they were then: the kernel is asked once for each version of a file.
    private Dictionary<string, (DateTime Written, long Size)> _complete = new(StringComparer.Ordinal);

    // What has been told already: once, not with every listing.
    private HashSet<string> _unreadable = new(StringComparer.Ordinal);

    /// <summary>
    /// The files that nobody writes and that were left alone for long enough, by name. One that may not be read is left out and named in
    /// the log. A folder that does not exist yet is an empty one.
    /// </summary>
    public IReadOnlyList<Item> List()
    {
        lock (_gate)
        {
            var complete = new Dictionary<string, (DateTime Written, long Size)>(StringComparer.Ordinal);
            var unreadable = new HashSet<string>(StringComparer.Ordinal);
            var latest = time.GetUtcNow().UtcDateTime - options.Settled;
            foreach (var (name, file) in Files(unreadable))
            {
                var version = (file.LastWriteTimeUtc, file.Length);
                var isKnown = _complete.TryGetValue(name, out var before) && before == version;
                var use = isKnown ? FileUse.None : file.LastWriteTimeUtc > latest ? FileUse.Writing : OpenFiles.UseOf(file.FullName);
                if (use == FileUse.None)
                    complete[name] = version;
                else if (use == FileUse.Forbidden)
                    unreadable.Add(name);
            }

            foreach (var name in unreadable.Except(_unreadable))
                log.LogWarning("{Name} may not be read by this service and is no item; give its user the right to", name);
            _unreadable = unreadable;
            _complete = complete;
            return [.. complete.Select(f => new Item(f.Key, f.Value.Size)).OrderBy(i => i.Id, StringComparer.Ordinal)];
        }
    }

    /// <summary>The content of an item; null where there is no such file in the folder, or none that may be read.</summary>
    public Stream? Open(string id)
    {
        if (!IsName(id) || Resolve(Path.Combine(options.Folder, id)) is not { } file)
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

    private IEnumerable<(string Name, FileInfo File)> Files(HashSet<string> unreadable)
    {
        foreach (var path in Paths(unreadable))
        {
            var name = Path.GetFileName(path);
            if (IsName(name) && Resolve(path) is { } file)
                yield return (name, file);
        }
    }

    private string[] Paths(HashSet<string> unreadable)
    {
        try
        {
            return Directory.Exists(options.Folder) ? Directory.GetFiles(options.Folder) : [];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            unreadable.Add(options.Folder);
            return [];
        }
    }

    private static bool IsName(string name) => name.Length > 0 && name[0] != '.' && name == Path.GetFileName(name) && !name.Contains('\\')
        && !name.Any(char.IsControl) && !Unfinished.Any(end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    // The regular file that a path stands for; null where there is none, or one outside the folder.
    private FileInfo? Resolve(string path)
    {
        var file = new FileInfo(path);
        try
        {
            if (file.ResolveLinkTarget(returnFinalTarget: true) is { } target)
            {
                var inside = Path.GetFullPath(options.Folder) + Path.DirectorySeparatorChar;
                if (!Path.GetFullPath(target.FullName).StartsWith(inside, StringComparison.Ordinal))
                    return null;
                file = new FileInfo(target.FullName);
            }

            return RegularFiles.IsRegular(file.FullName) && file.Exists ? file : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It vanished meanwhile, is a link to itself, or leads to where this service may not look.
            return null;
        }
    }
}
