using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samples.Runtime;
using Samples.Runtime.BuildingBlocks.Actors;
using Xunit;

namespace Samples.Conformance;

/// <summary>
/// A thousand actors on three replicas under load, while one is killed, one frozen for a while (ACTORS_FREEZE_SECONDS, 6 by default) and
/// one added.
/// </summary>
[EmbeddedOnly("its replicas are watched at the intervals of this runtime, and its placement moves actors at once")]
public sealed class ActorFireTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int Actors = 1000, Callers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Freeze = TimeSpan.FromSeconds(
        double.Parse(Environment.GetEnvironmentVariable("ACTORS_FREEZE_SECONDS") ?? "6", CultureInfo.InvariantCulture));

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-fire-").FullName;
    private readonly List<DaprRuntime> _runtimes = [];
    private readonly List<ActorReplica> _replicas = [];
    private readonly ConcurrentBag<Call> _calls = [];
    private bool _isApart;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Every_actor_stays_single_no_committed_state_is_lost_every_call_is_answered_and_every_reminder_fires(bool isApart)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs SIGSTOP, and a clock that processes share");
        _isApart = isApart;
        for (var i = 0; i < 3; i++)
            await AddAsync();
        var caller = await Runtime().AddSidecarAsync(Options("caller"), Machine.Cancel);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{caller.HttpPort}"), Timeout = Patience };
        var fireEnds = TimeSpan.FromSeconds(6) + Freeze;
        await Parallel.ForAsync(0, Actors, new ParallelOptions { MaxDegreeOfParallelism = Callers, CancellationToken = Machine.Cancel },
            async (i, _) =>
                Assert.Equal(
                    200,
                    (
                        await CallAsync(
                            http, $"a{i}", "RemindAsync", $"{Random.Shared.Next(1000, (int)fireEnds.TotalMilliseconds)}")).Status));

        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, Callers).Select(_ => LoadAsync(http, end.Token)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(2), Machine.Cancel);
        _replicas[0].Kill();
        await Task.Delay(TimeSpan.FromSeconds(1), Machine.Cancel);
        await _replicas[1].FreezeAsync();
        await Task.Delay(Freeze / 2, Machine.Cancel);
        await AddAsync();
        await Task.Delay(Freeze / 2, Machine.Cancel);
        await _replicas[1].ResumeAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), Machine.Cancel);
        await end.CancelAsync();
        await Task.WhenAll(load);

        await EveryReminderFiresAsync();
        AssertEveryCallWasAnswered();
        AssertNoTurnsOverlap();
        await AssertNothingCommittedIsLostAsync(http);
    }

    private void AssertEveryCallWasAnswered()
    {
        var failures = _calls.Where(c => c.Status != 200).GroupBy(c => c.Failure).ToDictionary(g => g.Key, g => g.Count());
        output.WriteLine($"{_calls.Count(c => c.Status == 200)} calls answered; slowest {_calls.Max(c => c.Duration).TotalSeconds:0.0} s");
        foreach (var (failure, count) in failures)
            output.WriteLine($"{count} failed: {failure}");
        Assert.All(_calls, c => Assert.True(c.Status is 200 or 500, $"{c.Actor}: {c.Status} {c.Failure}"));
        Assert.All(
            failures.Keys,
            f => Assert.StartsWith("ERR_ACTOR_INVOKE_METHOD: error invoke actor method: the replica", f, StringComparison.Ordinal));
        Assert.True(_calls.Count(c => c.Status == 200) > Actors, "too little load to tell");
    }

    private void AssertNoTurnsOverlap()
    {
        var turns = _replicas.SelectMany(Turns).ToList();
        output.WriteLine($"{turns.Count} turns, {turns.Count(t => t.End is null)} of them cut off by SIGKILL");
        foreach (var actor in turns.GroupBy(t => t.Actor))
        {
            var (end, count, last) = (0L, 0, default(Turn));
            foreach (var turn in actor.OrderBy(t => t.Begin))
            {
                if (last is not null && turn.Begin < end)
                    Assert.Fail($"two turns of {actor.Key} at the same time: {Describe(last)} and {Describe(turn)}");
                // What the turn counted follows what the last committed one counted: it saw all that was committed before it.
                if (turn.Count > 0)
                {
                    Assert.True(turn.Count > count, $"{actor.Key} counted {turn.Count} after {count}");
                    count = turn.Count;
                }

                last = turn;
                end = turn.End
                    ?? turn.Replica.Killed
                    ?? throw new InvalidOperationException($"a turn of {actor.Key} has no end on a replica that lives");
            }
        }
    }

    private string Describe(Turn turn)
    {
        var until = turn.End is { } end ? $"{end}" : $"its death, killed at {turn.Replica.Killed}";
        return $"replica {_replicas.IndexOf(turn.Replica) + 1}, from {turn.Begin} to {until}";
    }

    private async Task AssertNothingCommittedIsLostAsync(HttpClient http)
    {
        foreach (var actor in _calls.GroupBy(c => c.Actor))
        {
            var answered = actor.Where(c => c.Status == 200).Select(c => c.Count).ToList();
            Assert.Equal(answered.Count, answered.Distinct().Count());
            var (status, count, failure) = await GetAsync(http, actor.Key);
            Assert.True(status == 200, failure);
            // A call without an answer may have been carried out.
            Assert.InRange(count, answered.Count, actor.Count());
            Assert.True(answered.Count == 0 || count >= answered.Max(), $"{actor.Key} forgot");
        }
    }

    private async Task EveryReminderFiresAsync()
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            var fired = _replicas
                .SelectMany(r => File.ReadLines(r.TurnLog))
                .Where(l => l.StartsWith("remind ", StringComparison.Ordinal))
                .ToHashSet();
            if (fired.Count == Actors)
                return;
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(30), $"{Actors - fired.Count} reminders did not fire");
            await Task.Delay(100, Machine.Cancel);
        }
    }

    private async Task LoadAsync(HttpClient http, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
            _calls.Add(await CallAsync(http, $"a{Random.Shared.Next(Actors)}", "AddAsync", null));
    }

    private static async Task<(int Status, int Count, string Failure)> GetAsync(HttpClient http, string actor)
    {
        var call = await CallAsync(http, actor, "GetAsync", null);
        return (call.Status, call.Count, call.Failure);
    }

    private static async Task<Call> CallAsync(HttpClient http, string actor, string method, string? body)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            using var content = body is null ? null : new StringContent(body);
            using var answer = await http.PutAsync($"/v1.0/actors/AccountActor/{actor}/method/{method}", content, Machine.Cancel);
            var text = await answer.Content.ReadAsStringAsync(Machine.Cancel);
            var status = (int)answer.StatusCode;
            if (status == 200)
                return new Call(actor, status, int.TryParse(text, out var count) ? count : 0, "", clock.Elapsed);
            var error = JsonDocument.Parse(text).RootElement;
            return new Call(actor, status, 0, $"{error.GetProperty("errorCode")}: {error.GetProperty("message")}", clock.Elapsed);
        }
        catch (TaskCanceledException) when (!Machine.Cancel.IsCancellationRequested)
        {
            return new Call(actor, 0, 0, "no answer in time", clock.Elapsed);
        }
    }

    private static IEnumerable<Turn> Turns(ActorReplica replica)
    {
        var begun = new Dictionary<string, Turn>();
        foreach (var words in File.ReadLines(replica.TurnLog).Select(l => l.Split(' ')))
        {
            if (words[0] == "begin")
                begun[words[2]] = new Turn(replica, words[1], long.Parse(words[3], CultureInfo.InvariantCulture), null, 0);
            else if (words[0] == "end" && begun.Remove(words[2], out var turn))
                yield return turn with
                {
                    End = long.Parse(words[3], CultureInfo.InvariantCulture),
                    Count = int.Parse(words[4], CultureInfo.InvariantCulture),
                };
        }

        foreach (var cut in begun.Values)
            yield return cut;
    }

    // One for all sidecars, or one for each, as if each were a process: they know of each other through a file alone.
    private DaprRuntime Runtime()
    {
        if (_isApart || _runtimes.Count == 0)
        {
            _runtimes.Add(new DaprRuntime(new RuntimeOptions
            {
                ActorHealth = new ActorHealth(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1), 2),
                MembersFile = _isApart ? Path.Combine(_folder, "sidecars.db") : null,
            }));
        }

        return _runtimes[^1];
    }

    private async Task AddAsync() =>
        _replicas.Add(await ActorReplica.StartAsync(Runtime(), Options("app1"), Path.Combine(_folder, $"turns-{_replicas.Count}.log")));

    private SidecarOptions Options(string appId)
    {
        var resources = Directory.CreateDirectory(Path.Combine(_folder, "components")).FullName;
        File.WriteAllText(Path.Combine(resources, "all.yaml"),
            Machine.Component("statestore", "state.sqlite", ("connectionString", "state.db"), ("actorStateStore", "true")));
        return new SidecarOptions(appId) { ResourcePaths = [resources], BaseDirectory = _folder, DataDirectory = _folder };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
        foreach (var runtime in _runtimes)
            await runtime.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed record Call(string Actor, int Status, int Count, string Failure, TimeSpan Duration);

    private sealed record Turn(ActorReplica Replica, string Actor, long Begin, long? End, int Count);
}
