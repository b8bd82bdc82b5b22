using Samples.LogAdapter.Formats;

namespace Samples.LogAdapter.Following;

/// <summary>
/// Follows a file by name. It is read to its end before the one that has taken its name is begun, so that a rotation by renaming loses
/// nothing; a file that became shorter is begun anew. Which file it is, its first bytes say.
/// </summary>
internal sealed class FileFollower(
    string source, string path, ILogFormat format, LogOptions options, RecordBook book, TimeProvider time, ILogger log) : BackgroundService
{
    private const int MarkBytes = 256;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private LineReader _lines = new(options.MostLineBytes);
    private readonly RecordAssembler _records = new(format, options.Wait, time);
    private FileStream? _file;
    private byte[] _mark = [];
    private string? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(options.Poll, time);
        try
        {
            do
            {
                await LookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is open is read again by the next one.
        }
    }

    /// <summary>Reads what is there now.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        try
        {
            _file ??= Open();
            await ReadAsync(cancel);
            if (_file is not null && IsAnother())
                await TurnAsync(cancel);
            _told = null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Once for each problem, not with every look.
            if (_told != error.Message)
                log.LogWarning("{Source}: {Problem} It is tried again.", source, _told = error.Message);
        }

        Keep(_records.Expire());
    }

    private FileStream? Open() =>
        File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1) : null;

    private async Task ReadAsync(CancellationToken cancel)
    {
        while (_file is not null && await _file.ReadAsync(_buffer, cancel) is > 0 and var read)
        {
            if (_mark.Length < MarkBytes)
                _mark = [.. _mark, .. _buffer.AsSpan(0, Math.Min(read, MarkBytes - _mark.Length))];
            foreach (var line in _lines.Add(_buffer.AsMemory(0, read)))
                Keep(_records.Add(line));
        }
    }

    // Shorter than what was read of it, or with another beginning.
    private bool IsAnother()
    {
        using var named = Open();
        // Renamed, and nothing has the name yet: what is written there still is ours to read.
        if (named is null)
            return false;
        if (named.Length < _file!.Position)
            return true;
        var beginning = new byte[_mark.Length];
        return named.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false) < beginning.Length
            || !beginning.AsSpan().SequenceEqual(_mark);
    }

    private async Task TurnAsync(CancellationToken cancel)
    {
        // Once more: it may have been written between the reading and the renaming.
        await ReadAsync(cancel);
        if (_lines.End() is { } last)
            Keep(_records.Add(last));
        Keep(_records.End());
        await _file!.DisposeAsync();
        (_lines, _mark, _file) = (new LineReader(options.MostLineBytes), [], Open());
        await ReadAsync(cancel);
    }

    private void Keep(RecordAssembler.Assembled? record)
    {
        if (record is { } finished)
            book.Add(source, finished.Line, finished.Seen);
    }

    public override void Dispose()
    {
        base.Dispose();
        _file?.Dispose();
    }
}
