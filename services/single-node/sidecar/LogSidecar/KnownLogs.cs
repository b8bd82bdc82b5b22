using Microsoft.Win32.SafeHandles;

namespace Samples.LogSidecar;

/// <summary>
/// The files that are or were followed, and which of them a file is that was found. What is asked is always the opened file and never its
/// name: files are renamed while they are looked at, and the next question about the same name would be answered by another file.
/// </summary>
public sealed class KnownLogs(LogOptions options, FollowCounts counts, TimeProvider time, ILogger<LogFollower> log)
{
    // A folder that is read while files in it are renamed may not show all of them: one look says nothing.
    private const int LooksUntilGone = 100;

    private readonly Dictionary<string, long> _seen = [];
    private readonly List<FollowedFile> _files = [];
    private long _look;

    /// <summary>True where something is new that no checkpoint has yet.</summary>
    public bool IsChanged { get; set; }

    /// <summary>Whether anything is known.</summary>
    public bool IsEmpty => _files.Count == 0;

    /// <summary>Goes on from a checkpoint.</summary>
    public void GoOn(Checkpoint kept) => _files.AddRange(kept.Files);

    /// <summary>A file that is not read: somebody else may have.</summary>
    public void Pass(SafeFileHandle file) => Add(new FollowedFile(NewNumber(), FileIdentity.Read(file), RandomAccess.GetLength(file)));

    /// <summary>A new look at the folder begins.</summary>
    public void BeginLook() => _look++;

    /// <summary>True for a file that has not been forgotten, nor been replaced by its copy.</summary>
    public bool Has(FollowedFile file) => _files.Exists(f => f.Number == file.Number && f.Identity.Node == file.Identity.Node);

    /// <summary>
    /// Which file it is and from where it is to be read: one that is known goes on where it was, a copy of a known one goes on where that
    /// was, any other begins at 0. Null for a copy that is not to be read yet.
    /// </summary>
    public FollowedFile? Recognize(string path, SafeFileHandle file)
    {
        var node = FileIdentity.NodeOf(file);
        _seen[node] = _look;
        var known = _files.FindLast(f => f.Identity.Node == node);
        if (known is null)
            return path == options.File ? Begin(file) : Compare(path, file);
        if (RandomAccess.GetLength(file) >= known.Offset && (known.Identity.HeadLength == 0 || known.Identity.BeginsLike(file)))
            return known;

        // The file is the same and its content is not: it was truncated. Also a position beyond the end is one.
        counts.Truncations++;
        log.LogWarning("{File} is shorter than it was read, or begins otherwise: it was truncated and is read from its start", path);
        Forget(known);
        return Begin(file);
    }

    /// <summary>Notes how far a file was read.</summary>
    public void Advance(FollowedFile file) => _files[_files.FindIndex(f => f.Number == file.Number)] = file;

    /// <summary>What is to be kept. Files that are gone are forgotten, except the newest: they tell that a new one is new.</summary>
    public Checkpoint ToCheckpoint(Func<FollowedFile, bool> isOpen)
    {
        for (var i = _files.Count - 1 - Checkpoint.MostKept; i >= 0; i--)
        {
            if (isOpen(_files[i]) || _look - _seen.GetValueOrDefault(_files[i].Identity.Node) < LooksUntilGone)
                continue;
            _seen.Remove(_files[i].Identity.Node);
            _files.RemoveAt(i);
        }

        return new Checkpoint([.. _files]);
    }

    // copytruncate: the log stays the file that it is, and a copy of what it had appears beside it. A rename leaves another file, or none,
    // in the log's place, and is never taken for that, even where two files begin alike.
    private FollowedFile? Compare(string path, SafeFileHandle file)
    {
        using var current = LogNames.TryOpen(options.File);
        var node = current is null ? null : FileIdentity.NodeOf(current);
        if (_files.FindLast(f => f.Identity.Node == node) is not { Offset: > 0 } original)
            return Begin(file);
        var length = RandomAccess.GetLength(file);
        // Not copied to its end, or not truncated yet: nothing is read twice.
        if (FileIdentity.HaveSameBeginning(current!, file, Math.Min(length, original.Offset)))
            return null;
        var isTruncated = RandomAccess.GetLength(current!) < original.Offset || !original.Identity.BeginsLike(current!);
        return isTruncated && length >= original.Offset && original.Identity.BeginsLike(file) ? Adopt(original, path, file) : Begin(file);
    }

    // A copy that was made before the original was truncated has what the original had, and goes on where that was.
    private FollowedFile Adopt(FollowedFile original, string path, SafeFileHandle file)
    {
        counts.Truncations++;
        log.LogInformation("{Copy} is a copy of a file that was truncated, and is read on where that was", path);
        Forget(original);
        return Add(original with { Identity = FileIdentity.Read(file) });
    }

    private FollowedFile Begin(SafeFileHandle file)
    {
        counts.Files++;
        return Add(new FollowedFile(NewNumber(), FileIdentity.Read(file), 0));
    }

    private FollowedFile Add(FollowedFile file)
    {
        _files.Add(file);
        IsChanged = true;
        return file;
    }

    private void Forget(FollowedFile file) => _files.RemoveAll(f => f.Number == file.Number);

    private string NewNumber() => $"{time.GetUtcNow():yyyyMMddHHmmss}-{Guid.NewGuid().ToString("N")[..12]}";
}
