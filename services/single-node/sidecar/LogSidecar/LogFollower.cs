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
    private readonly LogNames _names = new(options.File);
    private readonly List<OpenLog> _open = [];
    private readonly KnownLogs _known = new(options, counts, time, log);
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
            wasSomething |= await FollowAsync(file, cancel);

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

        if (kept is not null)
            _known.GoOn(kept);
        if (_known.IsEmpty)
        {
            // Nobody knows which of the rotated files somebody else has read: the first look begins with the current one.
            foreach (var path in _names.Paths().Where(p => p != options.File))
            {
                using var rotated = LogNames.TryOpen(path);
                if (rotated is not null)
                    _known.Pass(rotated);
            }
        }

        _isBegun = true;
    }

    private async Task DiscoverAsync(CancellationToken cancel)
    {
        _known.BeginLook();
        foreach (var path in _names.Paths())
        {
            try
            {
                Discover(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It cannot be read now, or was deleted a moment ago.
            }
        }

        // Before a line of a new file is published, its number is kept: after a crash the line has the same id.
        if (_known.IsChanged)
            await KeepAsync(cancel);
    }

    private void Discover(string path)
    {
        // One that was renamed a moment ago is found under its new name at the next look.
        if (LogNames.TryOpen(path) is not { } handle)
            return;
        var file = _known.Recognize(path, handle);
        // What was truncated is another file now.
        foreach (var forgotten in _open.Where(o => !_known.Has(o.File)).ToList())
        {
            _open.Remove(forgotten);
            forgotten.Handle.Dispose();
        }

        var isToRead = file is not null && (path == options.File || RandomAccess.GetLength(handle) > file.Offset);
        if (isToRead && !_open.Exists(o => o.File.Number == file!.Number))
            _open.Add(new OpenLog(file!, path, handle, new LineReader(file!.Number, options.MaxLine)) { LastRead = time.GetTimestamp() });
        else
            handle.Dispose();
    }

    // To the file's end; true where there was something. While a batch is under way the next one is read, and while that one is under way
    // the position of the one before is kept: a crash publishes a batch more again, and neither reading nor keeping makes anybody wait.
    private async Task<bool> FollowAsync(OpenLog open, CancellationToken cancel)
    {
        var (next, keeping) = (Read(open, open.File.Offset), Task.CompletedTask);
        if (next.Count == 0)
            return false;
        try
        {
            while (next.Count > 0)
            {
                var lines = next;
                var reading = Task.Run(() => Read(open, lines[^1].End), cancel);
                await Task.WhenAll(publisher.PublishAsync(lines, cancel), reading);
                next = await reading;
                Advance(open, lines);
                await keeping;
                keeping = KeepAsync(cancel);
            }
        }
        finally
        {
            await keeping;
        }

        return true;
    }

    private IReadOnlyList<LogLine> Read(OpenLog open, long offset)
    {
        var isAtRest = open.IsRotated && time.GetElapsedTime(open.LastRead) >= options.Rest;
        return open.Reader.Read(open.Handle, offset, options.Batch, isAtRest);
    }

    private void Advance(OpenLog open, IReadOnlyList<LogLine> lines)
    {
        counts.Published += lines.Count;
        counts.Cut += lines.Count(l => l.IsCut);
        counts.Unparsed += lines.Count(l => l.Access is null);
        open.LastRead = time.GetTimestamp();
        var identity = open.File.Identity.HeadLength < FileIdentity.LongestHead ? Head(open) : open.File.Identity;
        open.File = open.File with { Offset = lines[^1].End, Identity = identity };
        _known.Advance(open.File);
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
        using var current = LogNames.TryOpen(options.File);
        var node = current is null ? null : FileIdentity.NodeOf(current);
        foreach (var open in _open.ToList())
        {
            open.IsRotated = open.File.Identity.Node != node;
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

    private async Task KeepAsync(CancellationToken cancel)
    {
        await checkpoints.WriteAsync(_known.ToCheckpoint(f => _open.Exists(o => o.File.Number == f.Number)), cancel);
        _known.IsChanged = false;
    }

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
