using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Samples.LogSidecar;

/// <summary>
/// Reads a log and its rotated files to their ends, whatever they are called. At each look it goes through all files of the log's name: one
/// that it knows goes on where it was, one that it does not know begins at 0, and a copy of a known one (copytruncate) is read from where
/// the original had been read. A file stays open until it was left alone for a while, so that one that is renamed or deleted is still read.
/// The order is: publish, then remember. A crash in between publishes lines again, with the ids that they had.
/// </summary>
public sealed class LogFollower(
    LogOptions options,
    ILinePublisher publisher,
    ICheckpoints checkpoints,
    FollowCounts counts,
    TimeProvider time,
    ILogger<LogFollower> log)
    : IDisposable
{
    private static readonly string[] Compressed = [".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip"];

    private readonly List<OpenLog> _open = [];
    private List<FollowedFile> _files = [];
    private bool _isBegun;

    /// <summary>
    /// One look at everything; true where there was something to read. Throws where lines cannot be published or positions not be kept.
    /// </summary>
    public async Task<bool> LookAsync(CancellationToken cancel)
    {
        if (!_isBegun)
            await BeginAsync(cancel);
        await DiscoverAsync(cancel);
        var wasSomething = false;
        foreach (var file in _open.ToList())
        {
            while (await ReadAsync(file, cancel))
                wasSomething = true;
        }

        Close();
        return wasSomething;
    }

    private async Task BeginAsync(CancellationToken cancel)
    {
        Checkpoint? kept = null;
        try
        {
            kept = await checkpoints.ReadAsync(cancel);
            if (kept?.Problem is { } problem)
                throw new JsonException(problem);
        }
        catch (JsonException error)
        {
            counts.BadCheckpoints++;
            log.LogWarning("the kept position is damaged and begins anew at the start of {File}: {Problem}", options.File, error.Message);
            kept = null;
        }

        _files = [.. kept?.Files ?? []];
        if (_files.Count == 0)
        {
            // Nobody knows which of the rotated files somebody else has read: the first look begins with the current one.
            foreach (var path in Paths().Where(p => p != options.File))
                _files.Add(new FollowedFile(NewNumber(), FileIdentity.Read(path), new FileInfo(path).Length));
        }

        _isBegun = true;
    }

    // The log and what rotation made of it, oldest first.
    private List<string> Paths()
    {
        var folder = Path.GetDirectoryName(options.File)!;
        if (!Directory.Exists(folder))
            return [];
        var files = new DirectoryInfo(folder).EnumerateFiles(Path.GetFileName(options.File) + "*");
        return
        [
            .. files.Where(f => f.FullName == options.File || IsRotated(f.FullName))
                .OrderBy(f => f.FullName == options.File)
                .ThenBy(f => f.LastWriteTimeUtc)
                .ThenByDescending(f => f.Name, StringComparer.Ordinal)
                .Select(f => f.FullName),
        ];
    }

    private bool IsRotated(string path) =>
        path[options.File.Length] is '.' or '-' && !Compressed.Contains(Path.GetExtension(path).ToLowerInvariant());

    private async Task DiscoverAsync(CancellationToken cancel)
    {
        var isNew = false;
        foreach (var path in Paths())
        {
            try
            {
                isNew |= Discover(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It was renamed or deleted a moment ago; under its new name it is found at the next look.
            }
        }

        // Before a line of a new file is published, its number is kept: after a crash the line has the same id.
        if (isNew)
            await KeepAsync(cancel);
    }

    // True where there is something new to be kept.
    private bool Discover(string path)
    {
        var node = FileIdentity.NodeOf(path);
        var open = _open.FirstOrDefault(o => o.File.Identity.Node == node);
        var known = open?.File ?? _files.FindLast(f => f.Identity.Node == node);
        var length = new FileInfo(path).Length;
        if (known is not null && length >= known.Offset && (known.Identity.HeadLength == 0 || known.Identity.BeginsLike(path)))
        {
            if (open is null && length > known.Offset)
                Open(path, known);
            return false;
        }

        if (known is not null)
        {
            // The file is the same and its content is not: it was truncated. Also a position beyond the end is one.
            counts.Truncations++;
            log.LogWarning("{File} is shorter than it was read, or begins otherwise: it was truncated and is read from its start", path);
            Forget(known);
        }

        if (known is null && _files.FindLast(f => f.Identity.BeginsLike(path) && length >= f.Offset) is { } original)
        {
            var there = Paths().Find(p => TryNode(p) == original.Identity.Node);
            if (there is not null && FileIdentity.HaveSameBeginning(there, path, original.Offset))
                return false;
            if (there is null || !original.Identity.BeginsLike(there) || new FileInfo(there).Length < original.Offset)
                return Adopt(original, path);
        }

        var begun = new FollowedFile(NewNumber(), FileIdentity.Read(path), 0);
        counts.Files++;
        _files.Add(begun);
        Open(path, begun);
        return true;
    }

    // A copy that was made before the original was truncated has what the original had, and goes on where that was.
    private bool Adopt(FollowedFile original, string path)
    {
        counts.Truncations++;
        log.LogInformation("{Copy} is a copy of a file that was truncated, and is read on where that was", path);
        Forget(original);
        _files.Add(original with { Identity = FileIdentity.Read(path) });
        Open(path, _files[^1]);
        return true;
    }

    private void Forget(FollowedFile file)
    {
        _files.RemoveAll(f => f.Number == file.Number);
        if (_open.Find(o => o.File.Number == file.Number) is { } open)
        {
            _open.Remove(open);
            open.Handle.Dispose();
        }
    }

    private static SafeFileHandle OpenShared(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private void Open(string path, FollowedFile file) =>
        _open.Add(new OpenLog(file, path, OpenShared(path), new LineReader(file.Number, options.MaxLine))
        {
            LastRead = time.GetTimestamp(),
        });

    // One batch; true where there may be more.
    private async Task<bool> ReadAsync(OpenLog open, CancellationToken cancel)
    {
        var isAtRest = open.IsRotated && time.GetElapsedTime(open.LastRead) >= options.Rest;
        var lines = open.Reader.Read(open.Handle, open.File.Offset, options.Batch, isAtRest);
        if (lines.Count == 0)
            return false;
        await publisher.PublishAsync(lines, cancel);
        counts.Published += lines.Count;
        counts.Cut += lines.Count(l => l.IsCut);
        counts.Unparsed += lines.Count(l => l.Access is null);
        open.LastRead = time.GetTimestamp();
        var identity = open.File.Identity.HeadLength < FileIdentity.LongestHead ? Head(open) : open.File.Identity;
        var read = open.File with { Offset = lines[^1].End, Identity = identity };
        _files[_files.FindIndex(f => f.Number == read.Number)] = read;
        open.File = read;
        await KeepAsync(cancel);
        return true;
    }

    // The first bytes of a file that was short when it was found.
    private static FileIdentity Head(OpenLog open)
    {
        var head = new byte[Math.Min(FileIdentity.LongestHead, RandomAccess.GetLength(open.Handle))];
        var length = RandomAccess.Read(open.Handle, head, 0);
        return FileIdentity.OfHead(open.File.Identity.Node, head.AsSpan(0, length));
    }

    private void Close()
    {
        foreach (var open in _open.ToList())
        {
            open.IsRotated = !IsStill(options.File, open.File.Identity.Node);
            if (!open.IsRotated || time.GetElapsedTime(open.LastRead) < options.Rest)
                continue;
            // A last line without an end is read at the next look; only what has nothing more is closed.
            if (RandomAccess.GetLength(open.Handle) > open.File.Offset && !open.IsFinal)
            {
                open.IsFinal = true;
                continue;
            }

            if (RandomAccess.GetLength(open.Handle) > open.File.Offset && !File.Exists(open.Path))
                counts.Vanished++;
            _open.Remove(open);
            open.Handle.Dispose();
        }
    }

    private static bool IsStill(string path, string node)
    {
        try
        {
            return FileIdentity.NodeOf(path) == node;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private Task KeepAsync(CancellationToken cancel)
    {
        if (_files.Count > Checkpoint.MostKept)
        {
            var open = _open.Select(o => o.File.Number).ToHashSet();
            var there = Paths().Select(TryNode).ToHashSet();
            _files =
            [
                .. _files[..^Checkpoint.MostKept].Where(f => open.Contains(f.Number) || there.Contains(f.Identity.Node)),
                .. _files[^Checkpoint.MostKept..],
            ];
        }

        return checkpoints.WriteAsync(new Checkpoint([.. _files]), cancel);
    }

    private static string? TryNode(string path)
    {
        try
        {
            return FileIdentity.NodeOf(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string NewNumber() => $"{time.GetUtcNow():yyyyMMddHHmmss}-{Guid.NewGuid().ToString("N")[..12]}";

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var open in _open)
            open.Handle.Dispose();
    }

    private sealed class OpenLog(FollowedFile file, string path, SafeFileHandle handle, LineReader reader)
    {
        public FollowedFile File { get; set; } = file;

        public string Path => path;

        public SafeFileHandle Handle => handle;

        public LineReader Reader => reader;

        public long LastRead { get; set; }

        public bool IsRotated { get; set; }

        public bool IsFinal { get; set; }
    }
}
