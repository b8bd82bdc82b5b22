using Microsoft.Extensions.Logging;
using Samples.Runtime.Clocks;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>
/// Keeps appointments. Each is carried out at least once a time that it is due: it is crossed off in the book after it was carried
/// out, so that a process that ends in between repeats it. One that still runs is not due again.
/// </summary>
/// <param name="book">Where appointments are kept; null keeps them in memory.</param>
/// <param name="deliver">Carries one out.</param>
/// <param name="time">The clock.</param>
/// <param name="log">For what goes wrong with nobody to be told.</param>
/// <param name="follows">True where others write into the book, too, and <see cref="Follow"/> tells of it.</param>
internal sealed class Scheduler(
    IAppointmentBook? book, Func<Appointment, CancellationToken, Task<Outcome>> deliver, TimeProvider time, ILogger log,
    bool follows = false)
    : IAppointments, IAsyncDisposable
{
    private static readonly TimeSpan UndeliverablePause = TimeSpan.FromSeconds(1), LongestSleep = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Appointment> _all = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Appointment, long> _queue = new();
    private readonly HashSet<Appointment> _waiting = [];

    // Crossed off here, and perhaps not yet in what the book was read as.
    private readonly HashSet<string> _settled = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _timer;

    /// <summary>Reads the book and begins.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        var kept = book is null ? [] : await book.LoadAsync(cancel);
        lock (_gate)
        {
            foreach (var appointment in kept)
            {
                _all[appointment.Key] = appointment;
                Queue(appointment, appointment.Due);
            }
        }

        _timer = time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Pump();
    }

    /// <inheritdoc/>
    public async Task<bool> AddAsync(Appointment appointment, bool overwrite, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Task written;
        lock (_gate)
        {
            if (!overwrite && _all.ContainsKey(appointment.Key))
                return false;
            // The book writes in the order in which it is asked, so it ends with what memory ends with.
            written = book?.WriteAsync(appointment) ?? Task.CompletedTask;
            _all[appointment.Key] = appointment;
            Queue(appointment, appointment.Due);
        }

        Pump();
        try
        {
            await written;
            return true;
        }
        catch
        {
            // Refused, so it must not happen either.
            lock (_gate)
            {
                if (IsCurrent(appointment))
                    _all.Remove(appointment.Key);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public Appointment? Find(string key)
    {
        lock (_gate)
            return _all.GetValueOrDefault(key);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Appointment> List(string prefix)
    {
        lock (_gate)
            return [
                .. _all.Values.Where(a => a.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(a => a.Key, StringComparer.Ordinal)
            ];
    }

    /// <inheritdoc/>
    public Task RemoveAsync(IReadOnlyCollection<string> keys, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            foreach (var key in keys)
                _all.Remove(key);
            return book is null || keys.Count == 0 ? Task.CompletedTask : book.RemoveAsync(keys);
        }
    }

    /// <summary>
    /// Takes over what other processes wrote into the book: <paramref name="kept"/> is all that was in it a moment ago. What is known
    /// already goes on as it is.
    /// </summary>
    public void Follow(IReadOnlyList<Appointment> kept)
    {
        lock (_gate)
        {
            foreach (var gone in _all.Keys.Except(kept.Select(a => a.Key), StringComparer.Ordinal).ToList())
                _all.Remove(gone);
            foreach (var appointment in kept.Where(a => !_settled.Contains(a.Generation)))
            {
                if (_all.GetValueOrDefault(appointment.Key)?.Generation == appointment.Generation)
                    continue;
                _all[appointment.Key] = appointment;
                Queue(appointment, appointment.Due);
            }

            _settled.IntersectWith(kept.Select(a => a.Generation));
        }

        Pump();
    }

    /// <inheritdoc/>
    public void Wake()
    {
        lock (_gate)
        {
            foreach (var appointment in _waiting)
                Queue(appointment, time.GetUtcNow());
            _waiting.Clear();
        }

        Pump();
    }

    private void Pump()
    {
        lock (_gate)
        {
            if (_timer is null || _stop.IsCancellationRequested)
                return;
            var now = time.GetUtcNow();
            while (_queue.TryPeek(out var next, out var due))
            {
                var isValid = IsCurrent(next) && next.QueuedFor == due;
                if (isValid && due > now.UtcTicks)
                {
                    var sleep = TimeSpan.FromTicks(due - now.UtcTicks);
                    // A timer counts whole milliseconds and must not ring before the time.
                    sleep = TimeSpan.FromMilliseconds(Math.Ceiling(sleep.TotalMilliseconds));
                    _timer.Change(sleep < LongestSleep ? sleep : LongestSleep, Timeout.InfiniteTimeSpan);
                    return;
                }

                _queue.Dequeue();
                if (isValid)
                    Begin(next);
            }
        }
    }

    private bool IsCurrent(Appointment appointment) => _all.GetValueOrDefault(appointment.Key) == appointment;

    /// <summary>An appointment stands in the queue once: an earlier place is void from then on.</summary>
    private void Queue(Appointment appointment, DateTimeOffset due)
    {
        appointment.QueuedFor = due.UtcTicks;
        _queue.Enqueue(appointment, due.UtcTicks);
    }

    private void Begin(Appointment appointment)
    {
        appointment.QueuedFor = null;
        _waiting.Remove(appointment);
        var hold = time.Hold();
        var task = Task.Run(() => KeepAsync(appointment));
        _running.Add(task);
        task.ContinueWith(done =>
        {
            lock (_gate)
                _running.Remove(done);
            hold?.Dispose();
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task KeepAsync(Appointment appointment)
    {
        try
        {
            var outcome = appointment.Expires <= time.GetUtcNow() ? Outcome.Cancel : await deliver(appointment, _stop.Token);
            await SettleAsync(appointment, outcome);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It stays in the book as due.
        }
        catch (Exception error)
        {
            log.LogError(error, "'{Key}' could not be carried out or crossed off; it is tried again", appointment.Key);
            Again(appointment, UndeliverablePause);
        }
    }

    private async Task SettleAsync(Appointment appointment, Outcome outcome)
    {
        if (outcome == Outcome.Undeliverable)
        {
            lock (_gate)
                _waiting.Add(appointment);
            Again(appointment, UndeliverablePause);
            return;
        }

        if (outcome == Outcome.Failed && !(appointment.Failures >= appointment.Failure.MaxRetries))
        {
            appointment.Failures++;
            Again(appointment, appointment.Failure.Interval);
            return;
        }

        bool comesBack;
        Task written;
        lock (_gate)
        {
            // Replaced or cancelled while it ran: what is in the book is somebody else's.
            if (!IsCurrent(appointment))
                return;
            comesBack = appointment.Advance(time.GetUtcNow()) && outcome != Outcome.Cancel;
            if (!comesBack)
            {
                _all.Remove(appointment.Key);
                if (follows)
                    _settled.Add(appointment.Generation);
            }

            written = book?.SettleAsync(appointment, comesBack) ?? Task.CompletedTask;
        }

        await written;
        if (!comesBack)
            return;
        lock (_gate)
            Queue(appointment, appointment.Due);
        Pump();
    }

    private void Again(Appointment appointment, TimeSpan pause)
    {
        lock (_gate)
            Queue(appointment, time.GetUtcNow() + pause);
        Pump();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = null;
            running = [.. _running];
        }

        await Task.WhenAll(running);
        if (book is not null)
            await book.DisposeAsync();
        _stop.Dispose();
    }
}
