using System.Text.Json;
using Microsoft.Data.Sqlite;
using Samples.LogAdapter.Formats;

namespace Samples.LogAdapter.Following;

/// <summary>
/// Follows a file by name, through its rotations and its own restarts. A file that was renamed is read to its end before the one that took
/// its name is begun, and is kept open for a while: its writer may not know yet. Records and the places up to which they were read are kept
/// in one step, so that a line is in no record twice and none is passed over, however the process ends.
/// </summary>
internal sealed class FileFollower(
    string source, string path, ILogFormat format, LogOptions options, RecordBook book, TimeProvider time, ILogger log) : BackgroundService
{
    private readonly List<RecordAssembler.Assembled> _finished = [];
    private LogFamily? _family;
    private string? _kept, _told;
    private long _truncations;

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
            // What could not be kept at the last look; before that, nothing more is read.
            Keep();
            _family ??= Begin();
            await _family.ReadAsync(_finished, Keep, cancel);
            if (_family.MayHaveTurned)
            {
                _truncations += _family.Survey(_finished);
                await _family.ReadAsync(_finished, Keep, cancel);
            }

            _told = null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SqliteException)
        {
            // Once for each problem, not with every look.
            if (_told != error.Message)
                log.LogWarning("{Source}: {Problem} It is tried again.", source, _told = error.Message);
        }
    }

    private LogFamily Begin()
    {
        var family = new LogFamily(path, format, options, time);
        var known = Known();
        var isFound = family.Begin(known, _finished);
        if (known is { Count: > 0 } && !isFound)
            log.LogWarning("{Source}: what was read before is not there any more; {Path} is read from its beginning.", source, path);
        return family;
    }

    private List<FilePlace>? Known()
    {
        if (book.PositionOf(source) is not { } kept)
            return null;
        try
        {
            var places = JsonSerializer.Deserialize<List<FilePlace>>(kept);
            return places?.TrueForAll(p => p is { Offset: >= 0, Node: not null, Mark: not null }) == true
                ? places
                : throw new JsonException("it is no list of places");
        }
        catch (JsonException error)
        {
            log.LogWarning(
                "{Source}: the kept position cannot be read ({Problem}); {Path} is read from its beginning.", source, error.Message, path);
            return null;
        }
    }

    // Records and places in one step.
    private void Keep()
    {
        if (_family is null)
            return;
        var places = JsonSerializer.Serialize(_family.Places);
        if (_finished.Count == 0 && _truncations == 0 && places == _kept)
            return;
        book.Keep(source, _finished, places, new SourceCounts(0, 0, 0, _truncations));
        _finished.Clear();
        (_kept, _truncations) = (places, 0);
    }

    public override void Dispose()
    {
        base.Dispose();
        _family?.Dispose();
    }
}
