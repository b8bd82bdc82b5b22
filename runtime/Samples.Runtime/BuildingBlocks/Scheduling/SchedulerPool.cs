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
/// <param name="isShared">True where other processes have schedulers on the same folder.</param>
internal sealed class SchedulerPool(
    Func<JobAppointment, CancellationToken, Task<Outcome>> deliver, TimeProvider time, ILoggerFactory loggers, bool isShared = false)
    : IAsyncDisposable
{
    private const string FileName = "scheduler.db";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, IAppointments> _all = new(StringComparer.Ordinal);

    /// <summary>
    /// The scheduler of a folder; one in memory where it is null. Throws <see cref="ResourceException"/> where the file cannot be opened.
    /// </summary>
    public async Task<IAppointments> OpenAsync(string? folder, CancellationToken cancel)
    {
        var path = folder is null ? "" : Path.Combine(Path.GetFullPath(folder), FileName);
        await _gate.WaitAsync(cancel);
        try
        {
            if (_all.TryGetValue(path, out var known))
                return known;
            var opened = await StartAsync(path, cancel);
            _all.Add(path, opened);
            return opened;
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

    private async Task<IAppointments> StartAsync(string path, CancellationToken cancel)
    {
        var log = loggers.CreateLogger("scheduler");
        var book = path.Length > 0 ? new SqliteAppointmentBook(path, time.LocalTimeZone) : null;
        if (isShared && book is not null)
            return new SharedScheduler(path, book, Deliver, time, log);
        var scheduler = new Scheduler(book, Deliver, time, log);
        await scheduler.StartAsync(cancel);
        return scheduler;

        Task<Outcome> Deliver(Appointment due, CancellationToken stop) => deliver((JobAppointment)due, stop);
    }

    /// <summary>Somebody came who may be waited for.</summary>
    public void Wake()
    {
        IAppointments[] all;
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
        foreach (var scheduler in _all.Values.Cast<IAsyncDisposable>())
            await scheduler.DisposeAsync();
        _all.Clear();
        _gate.Dispose();
    }
}
