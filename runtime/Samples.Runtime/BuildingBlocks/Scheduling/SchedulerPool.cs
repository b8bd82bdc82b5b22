using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>
/// The schedulers of a run, one a data folder: they keep jobs and reminders for all sidecars with that folder, as Dapr's scheduler
/// service does for all of a cluster.
/// </summary>
/// <param name="deliver">Carries out what is due.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">For log lines.</param>
internal sealed class SchedulerPool(
    Func<JobAppointment, CancellationToken, Task<Outcome>> deliver, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    private const string FileName = "scheduler.db";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, Scheduler> _all = new(StringComparer.Ordinal);

    /// <summary>
    /// The scheduler of a folder; one in memory where it is null. Throws <see cref="ResourceException"/> where the file cannot be opened.
    /// </summary>
    public async Task<Scheduler> OpenAsync(string? folder, CancellationToken cancel)
    {
        var path = folder is null ? "" : Path.Combine(Path.GetFullPath(folder), FileName);
        await _gate.WaitAsync(cancel);
        try
        {
            if (_all.TryGetValue(path, out var known))
                return known;
            IAppointmentBook? book = path.Length > 0 ? new SqliteAppointmentBook(path, time.LocalTimeZone) : null;
            var scheduler = new Scheduler(
                book, (due, stop) => deliver((JobAppointment)due, stop), time, loggers.CreateLogger("scheduler"));
            await scheduler.StartAsync(cancel);
            _all.Add(path, scheduler);
            return scheduler;
        }
        catch (Exception error) when (error is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new ResourceException(
                Origin.Code, $"jobs and reminders cannot be kept in '{path}': {error.Message}",
                "Make the data folder writable, or name another one.");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Somebody came who may be waited for.</summary>
    public void Wake()
    {
        Scheduler[] all;
        _gate.Wait();
        try
        {
            all = [.. _all.Values];
        }
        finally
        {
            _gate.Release();
        }

        foreach (var scheduler in all)
            scheduler.Wake();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var scheduler in _all.Values)
            await scheduler.DisposeAsync();
        _all.Clear();
        _gate.Dispose();
    }
}
