using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Apps.Members;

/// <summary>
/// This process among those of its machine whose sidecars find each other through one file. It follows the file, says there what its own
/// sidecars are, and removes processes that died.
/// </summary>
internal sealed class Membership : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A neighbour's life is looked at every so many pauses.
    private const int PausesBetweenChecks = 4;

    private readonly string _leases;
    private readonly MemberFile _file;
    private readonly Lease _lease;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _nudge = new(0);
    private readonly SemaphoreSlim _reading = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _seen = long.MinValue;
    private ProcessReport? _reported;

    private Membership(string process, string leases, MemberFile file, Lease lease, ILogger log)
    {
        Process = process;
        _leases = leases;
        _file = file;
        _lease = lease;
        _log = log;
    }

    /// <summary>This process.</summary>
    public string Process { get; }

    /// <summary>What the file said last.</summary>
    public MemberTable Table { get; private set; } = MemberTable.Empty;

    /// <summary>Called with each new state of the file, one at a time.</summary>
    public event Action<MemberTable>? Changed;

    /// <summary>What this process says of its actors; asked for after each change and each nudge.</summary>
    public Func<ProcessReport>? Report { get; set; }

    /// <summary>
    /// Opens the file and joins. Throws <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/> and
    /// <see cref="SqliteException"/> where the file cannot be used.
    /// </summary>
    public static async Task<Membership> JoinAsync(string path, ILogger log)
    {
        var process = Guid.NewGuid().ToString("N");
        var leases = path + ".processes";
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(leases);
        else
            Directory.CreateDirectory(leases, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var lease = Lease.TryTake(Path.Combine(leases, process)) ?? throw new IOException($"'{leases}' cannot be locked");
        MemberFile file;
        try
        {
            file = new MemberFile(path);
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        // Only now, with the lease in hand, can others see it.
        await file.AddProcessAsync(process);
        return new Membership(process, leases, file, lease, log);
    }

    /// <summary>Begins to follow the file: the first state has been told when this completes.</summary>
    public async Task StartAsync()
    {
        await RemoveDeadAsync([.. _file.Read().Processes.Keys]);
        await LookAsync();
        _loop = LoopAsync();
    }

    /// <summary>Says what a sidecar of this process is now.</summary>
    public async Task PutAsync(Member member)
    {
        await _file.PutAsync(member);
        Nudge();
    }

    /// <summary>A sidecar of this process is gone.</summary>
    public async Task RemoveAsync(string member)
    {
        await _file.RemoveAsync(member);
        Nudge();
    }

    /// <summary>Looks at the file now rather than soon.</summary>
    public void Nudge()
    {
        if (_nudge.CurrentCount == 0)
            _nudge.Release();
    }

    /// <summary>Looks at the file at once, for who cannot wait.</summary>
    public void Refresh()
    {
        try
        {
            // On a thread of the pool: who asks may be in the middle of something that the listeners lock.
            Task.Run(LookAsync).Wait(Pause);
        }
        catch (AggregateException error)
        {
            _log.LogDebug("the table of sidecars could not be read: {Problem}", error.InnerException?.Message);
        }
    }

    /// <summary>Somebody could not reach a process: removes it where it is dead.</summary>
    public void Doubt(string process) => _ = Task.Run(async () =>
    {
        await RemoveDeadAsync([process]);
        Nudge();
    });

    private async Task LoopAsync()
    {
        for (var turn = 1; !_stop.IsCancellationRequested; turn++)
        {
            try
            {
                await _nudge.WaitAsync(Pause, _stop.Token);
                await LookAsync();
                if (turn % PausesBetweenChecks == 0)
                    await CheckNeighbourAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception error) when (error is SqliteException or IOException or InvalidOperationException)
            {
                _log.LogWarning("the table of sidecars could not be read or written: {Problem}", error.Message);
            }
        }
    }

    private async Task LookAsync()
    {
        await _reading.WaitAsync();
        try
        {
            var version = _file.DataVersion();
            if (version != _seen)
            {
                var table = _file.Read();
                _seen = version;
                Table = table;
                Changed?.Invoke(table);
            }

            if (Report?.Invoke() is { } report && report != _reported)
            {
                await _file.ReportAsync(Process, report);
                _reported = report;
            }
        }
        finally
        {
            _reading.Release();
        }
    }

    // Each looks after the next in order, so that all are looked after and nobody after all.
    private async Task CheckNeighbourAsync()
    {
        var others = Table.Processes.Keys.Where(p => p != Process).Order(StringComparer.Ordinal).ToList();
        var after = others.FindIndex(p => string.CompareOrdinal(p, Process) > 0);
        foreach (var next in after < 0 ? others : [.. others[after..], .. others[..after]])
        {
            if (!await RemoveDeadAsync([next]))
                return;
        }
    }

    private async Task<bool> RemoveDeadAsync(IReadOnlyList<string> processes)
    {
        var removed = false;
        foreach (var dead in processes.Where(p => p != Process && !Lease.IsHeld(Path.Combine(_leases, p))))
        {
            await _file.RemoveProcessAsync(dead);
            Lease.Forget(Path.Combine(_leases, dead));
            removed = true;
        }

        return removed;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        try
        {
            await _file.RemoveProcessAsync(Process);
        }
        catch (SqliteException error)
        {
            // The others notice without it.
            _log.LogDebug("this process could not be taken out of the table of sidecars: {Problem}", error.Message);
        }

        _lease.Dispose();
        Lease.Forget(Path.Combine(_leases, Process));
        await _file.DisposeAsync();
        _stop.Dispose();
        _nudge.Dispose();
        _reading.Dispose();
    }
}
