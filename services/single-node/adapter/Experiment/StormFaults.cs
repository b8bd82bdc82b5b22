using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Samples.Experiments.Adapter;

/// <summary>
/// Kills and freezes one or two at a time, drawn from a seed, and knows afterwards when each was left alone: only then it owes anything.
/// </summary>
internal sealed class StormFaults(ExperimentContext context, IFaults faults, Applications applications, Random random) : IDisposable
{
    /// <summary>The database of the shop, of which the table is locked.</summary>
    public const string Table = "shop.db";

    /// <summary>The application that is a database.</summary>
    public const string Redis = "legacy-redis";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Victims =
        ["metrics-adapter", "log-adapter", "health-adapter", Redis, "legacy-shop", "legacy-meter", "legacy-batch", Table];

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ConcurrentDictionary<string, Disturbance> _disturbed = [];
    private int _kills, _freezes, _locks;

    // The end is null as long as it goes on.
    private sealed record Disturbance(long Began, long? Ended, bool IsDown);

    private sealed record Fault(string Victim, bool IsKill, TimeSpan Duration);

    /// <summary>What was done, in words.</summary>
    public string Done => $"{_kills} kills, {_freezes} freezes, {_locks} locks";

    /// <summary>Who did not come back.</summary>
    public ConcurrentQueue<string> Missing { get; } = [];

    /// <summary>Breaks and repairs until the time is over, and then all is repaired.</summary>
    public async Task RunAsync(TimeSpan duration, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        while (context.Time.GetElapsedTime(began) < duration)
        {
            var victims = random.GetItems(Victims, random.Next(1, 3)).Distinct().Select(Draw).ToList();
            await Task.WhenAll(victims.Select(f => BreakAsync(f, cancel)));
            await Task.Delay(random.Next(200, 1000), cancel);
        }
    }

    /// <summary>True when nothing was done to it since then.</summary>
    public bool WasLeftAlone(string victim, long since) =>
        !_disturbed.TryGetValue(victim, out var last) || (last.Ended is { } ended && ended < since);

    /// <summary>True when it has been down, for certain, since then.</summary>
    public bool WasDown(string victim, long since) =>
        _disturbed.TryGetValue(victim, out var last) && last is { Ended: null, IsDown: true } && last.Began < since;

    // What watches a database has to notice that it is down.
    private Fault Draw(string victim)
    {
        var isKill = victim == Table || random.Next(2) == 0;
        var isWatched = victim == Table || (victim == Redis && isKill);
        return new Fault(victim, isKill, TimeSpan.FromMilliseconds(isWatched ? random.Next(3000, 9000) : random.Next(300, 3000)));
    }

    private async Task BreakAsync(Fault fault, CancellationToken cancel)
    {
        // Down from before it is done until after it is repaired would be too early: it is down once it has been done.
        Note(fault.Victim, ended: false, isDown: false);
        if (fault.Victim == Table)
        {
            _locks++;
            await LockAsync(fault.Duration, cancel);
        }
        else if (fault.IsKill)
        {
            Interlocked.Increment(ref _kills);
            await faults.KillForGoodAsync(fault.Victim, cancel);
            Note(fault.Victim, ended: false, isDown: true);
            await Task.Delay(fault.Duration, cancel);
            Note(fault.Victim, ended: false, isDown: false);
            await faults.StartAsync(fault.Victim, cancel);
        }
        else
        {
            Interlocked.Increment(ref _freezes);
            await faults.FreezeAsync(fault.Victim, cancel);
            await Task.Delay(fault.Duration, cancel);
            await faults.ResumeAsync(fault.Victim, cancel);
        }

        if (await Applications.WaitAsync(() => IsBackAsync(fault.Victim, cancel), Patience, cancel) is null)
            Missing.Enqueue(fault.Victim);
        Note(fault.Victim, ended: true, isDown: false);
    }

    private void Note(string victim, bool ended, bool isDown)
    {
        var now = context.Time.GetTimestamp();
        _disturbed[victim] = new Disturbance(now, ended ? now : null, isDown);
    }

    private async Task LockAsync(TimeSpan duration, CancellationToken cancel)
    {
        var file = new SqliteConnectionStringBuilder { DataSource = Path.Combine(context.DataDirectory, Table), Pooling = false };
        await using var other = new SqliteConnection(file.ConnectionString);
        await other.OpenAsync(cancel);
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        await command.ExecuteNonQueryAsync(cancel);
        Note(Table, ended: false, isDown: true);
        await Task.Delay(duration, cancel);
        Note(Table, ended: false, isDown: false);
        command.CommandText = "ROLLBACK";
        await command.ExecuteNonQueryAsync(cancel);
    }

    private async Task<bool> IsBackAsync(string victim, CancellationToken cancel)
    {
        if (victim == Table)
            return true;
        if (victim.StartsWith("legacy-", StringComparison.Ordinal))
            return await applications.AnswersAsync(victim, cancel);
        try
        {
            using var alive = await _http.GetAsync($"http://127.0.0.1:{context.ReplicaOf(victim).AppPort}/healthz", cancel);
            return alive.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();
}
