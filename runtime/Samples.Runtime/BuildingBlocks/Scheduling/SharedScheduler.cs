using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps.Members;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>
/// Appointments of several processes in one file. Each writes into it; one of them, whoever holds the lease, carries out what is due, and
/// another takes over when it ends. So each happens once, and again only where that one died between carrying it out and crossing it off.
/// </summary>
internal sealed class SharedScheduler : IAppointments, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly string _lease;
    private readonly SqliteAppointmentBook _book;
    private readonly Func<Appointment, CancellationToken, Task<Outcome>> _deliver;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _nudge = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile Scheduler? _leading;
    private int _ownChanges;

    /// <summary>Takes over the book, which is in the file at <paramref name="path"/>.</summary>
    public SharedScheduler(
        string path, SqliteAppointmentBook book, Func<Appointment, CancellationToken, Task<Outcome>> deliver, TimeProvider time,
        ILogger log)
    {
        _lease = path + ".leader";
        _book = book;
        _deliver = deliver;
        _time = time;
        _log = log;
        _loop = LoopAsync();
    }

    public async Task<bool> AddAsync(Appointment appointment, bool overwrite, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (overwrite)
            await _book.WriteAsync(appointment);
        else if (!await _book.TryAddAsync(appointment))
            return false;
        Changed();
        return true;
    }

    public Appointment? Find(string key) => _book.FindAsync(key, isPrefix: false).GetAwaiter().GetResult().SingleOrDefault();

    public IReadOnlyList<Appointment> List(string prefix) => _book.FindAsync(prefix, isPrefix: true).GetAwaiter().GetResult();

    public async Task RemoveAsync(IReadOnlyCollection<string> keys, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await _book.RemoveAsync(keys);
        Changed();
    }

    public void Wake() => _leading?.Wake();

    private void Changed()
    {
        Interlocked.Exchange(ref _ownChanges, 1);
        if (_nudge.CurrentCount == 0)
            _nudge.Release();
    }

    private async Task LoopAsync()
    {
        Lease? lease = null;
        try
        {
            while (true)
            {
                try
                {
                    if (lease is not null || (lease = Lease.TryTake(_lease)) is not null)
                        await FollowAsync();
                }
                catch (SqliteException error)
                {
                    _log.LogWarning("jobs and reminders could not be read: {Problem}", error.Message);
                }

                await _nudge.WaitAsync(Pause, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // What runs ends first: then another process may carry out the rest.
            if (_leading is { } leading)
                await leading.DisposeAsync();
            lease?.Dispose();
        }
    }

    private async Task FollowAsync()
    {
        var isNew = _leading is null;
        // The own connection's writes do not count as changes of the file.
        var changed = Interlocked.Exchange(ref _ownChanges, 0) == 1;
        if (!await _book.HasChangedAsync() && !changed && !isNew)
            return;
        if (isNew)
        {
            var scheduler = new Scheduler(new Shared(_book), DeliverAsync, _time, _log, follows: true);
            await scheduler.StartAsync(CancellationToken.None);
            _leading = scheduler;
            return;
        }

        _leading!.Follow(await _book.LoadAsync(CancellationToken.None));
    }

    // Somebody may have taken it back a moment ago.
    private async Task<Outcome> DeliverAsync(Appointment due, CancellationToken cancel) =>
        await _book.IsCurrentAsync(due) ? await _deliver(due, cancel) : Outcome.Cancel;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _book.DisposeAsync();
        _stop.Dispose();
        _nudge.Dispose();
    }

    /// <summary>The book as the leading scheduler sees it, which ends before the book.</summary>
    private sealed class Shared(SqliteAppointmentBook book) : IAppointmentBook
    {
        public Task<IReadOnlyList<Appointment>> LoadAsync(CancellationToken cancel) => book.LoadAsync(cancel);

        public Task WriteAsync(Appointment appointment) => book.WriteAsync(appointment);

        public Task RemoveAsync(IReadOnlyCollection<string> keys) => book.RemoveAsync(keys);

        public Task SettleAsync(Appointment appointment, bool comesBack) => book.SettleAsync(appointment, comesBack);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
