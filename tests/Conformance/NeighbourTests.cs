using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>
/// Sidecars of several processes on one machine, which know of each other through a file alone. Each runtime of a test stands for a
/// process: nothing else is common to them.
/// </summary>
[EmbeddedOnly("its runtimes are those of several processes in one")]
public sealed class NeighbourTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Machine _machine = new();
    private readonly List<DaprRuntime> _runtimes = [];

    private string MembersFile => Path.Combine(_machine.Folder, "names", "sidecars.db");

    [Fact]
    public async Task An_application_of_another_process_is_called_with_path_query_headers_and_body_as_they_are()
    {
        await AddAsync("callee", await EchoAsync("one"), o => o with { AppToken = "secret" });
        var caller = await AddAsync("caller");
        using var utf8 = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8 };
        using var http = new HttpClient(utf8) { BaseAddress = new Uri($"http://127.0.0.1:{caller.Sidecar.HttpPort}") };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1.0/invoke/callee/method/a%2Fb/c?q=%20x");
        request.Content = new StringContent("body");
        request.Headers.Add("X-Mine", "grün");
        request.Headers.Add("dapr-caller-app-id", "somebody-else");
        using var answer = await http.SendAsync(request, Machine.Cancel);
        var seen = await answer.Content.ReadFromJsonAsync<Seen>(Machine.Cancel);
        Assert.Equal((HttpStatusCode)299, answer.StatusCode);
        Assert.Equal(("PUT", "/a%2Fb/c?q=%20x", "body"), (seen!.Method, seen.Target, seen.Body));
        Assert.Equal(("grün", "caller"), (seen.Headers["x-mine"], seen.Headers["dapr-caller-app-id"]));
        Assert.Equal("secret", seen.Headers["dapr-api-token"]);
        Assert.DoesNotContain(seen.Headers.Keys, k => k.StartsWith("samples", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("one", answer.Headers.GetValues("X-Name").Single());
    }

    [Fact]
    public async Task Replicas_take_turns_and_one_that_ends_or_dies_is_left_out()
    {
        var caller = await AddAsync("caller");
        var first = await AddAsync("callee", await EchoAsync("one"));
        await AddAsync("callee", await EchoAsync("two"));
        using var http = Http(caller.Sidecar);
        await UntilAsync(async () => (await NamesAsync(http, 4)).Order().SequenceEqual(["one", "one", "two", "two"]));
        await first.Runtime.DisposeAsync();
        Assert.Equal(["two", "two", "two"], await NamesAsync(http, 3));
    }

    [Fact]
    public async Task A_call_that_a_replica_without_its_application_cannot_take_goes_to_another()
    {
        var caller = await AddAsync("caller");
        await AddAsync("callee", ActorMachine.FreePort(), wait: false);
        await AddAsync("callee", await EchoAsync("two"));
        using var http = Http(caller.Sidecar);
        Assert.Equal(Enumerable.Repeat("two", 6), await NamesAsync(http, 6));
    }

    [Fact]
    public async Task The_callees_list_decides_who_may_call_it_from_another_process()
    {
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "closed.yaml"), """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: {name: closed}
            spec:
              accessControl:
                defaultAction: deny
                policies:
                - {appId: friend, defaultAction: allow, trustDomain: public, namespace: default}
            """, Machine.Cancel);
        await AddAsync("callee", await EchoAsync("one"), o => o with { ConfigurationFile = "closed.yaml" });
        foreach (var (caller, status) in new[] { ("friend", 299), ("stranger", 403) })
        {
            using var http = Http((await AddAsync(caller)).Sidecar);
            Assert.Equal(status, (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/callee/method/x")).Status);
        }
    }

    [Fact]
    public async Task Who_does_not_know_the_key_of_a_sidecar_is_refused_on_its_port_for_others()
    {
        await AddAsync("callee", await EchoAsync("one"));
        using var connection = new SqliteConnection($"Data Source={MembersFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT json_extract(data, '$.Port') FROM samples_members";
        using var http = new HttpClient
        {
            DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{command.ExecuteScalar()}/x"), Machine.Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(MembersFile));
    }

    [Fact]
    public async Task Records_of_a_process_that_died_vanish()
    {
        await AddAsync("callee", await EchoAsync("one"));
        using var connection = new SqliteConnection($"Data Source={MembersFile};Pooling=False");
        connection.Open();
        // What a process leaves behind that was killed: its records, and a lease that nobody holds.
        using var leave = connection.CreateCommand();
        leave.CommandText = """
            INSERT INTO samples_processes(process, accepted, held) VALUES ('dead', 0, '["T/1"]');
            INSERT INTO samples_members
              SELECT 'dead', 'dead', 'T', json_set(data, '$.Id', 'dead', '$.Process', 'dead', '$.AppId', 'ghost') FROM samples_members;
            UPDATE samples_placement SET version = version + 1;
            """;
        leave.ExecuteNonQuery();
        using var count = connection.CreateCommand();
        count.CommandText = """
            SELECT (SELECT count(*) FROM samples_members WHERE process = 'dead')
              + (SELECT count(*) FROM samples_processes WHERE process = 'dead')
            """;
        await UntilAsync(() => Task.FromResult((long)count.ExecuteScalar()! == 0));
    }

    [Fact]
    public async Task An_actor_that_changes_hands_begins_there_only_when_its_turn_here_has_ended()
    {
        var running = new ConcurrentDictionary<string, int>();
        var (held, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        var overlaps = 0;

        async Task TurnAsync(string id, bool wait)
        {
            if (running.AddOrUpdate(id, 1, (_, n) => n + 1) > 1)
                Interlocked.Increment(ref overlaps);
            if (wait)
            {
                entered.TrySetResult();
                await held.Task;
            }

            running.AddOrUpdate(id, 0, (_, n) => n - 1);
        }

        var first = await AddAsync("actors", await ActorsAsync("one", TurnAsync));
        using var http = Http(first.Sidecar);
        // Which of them will belong to the second nobody knows beforehand: all are in a turn when it comes.
        var turns = Enumerable.Range(0, 16).Select(i => CallAsync(http, i, "wait")).ToList();
        await entered.Task.WaitAsync(Patience, Machine.Cancel);
        var second = await AddAsync("actors", await ActorsAsync("two", TurnAsync));
        using var other = Http(second.Sidecar);
        var next = Enumerable.Range(0, 16).Select(i => CallAsync(other, i, "go")).ToList();
        // An actor that is in no turn begins at its new place meanwhile.
        await UntilAsync(async () =>
        {
            var answers = await Task.WhenAll(Enumerable.Range(100, 16).Select(i => CallAsync(http, i, "go")));
            return answers.Select(a => a.Body).Distinct().Count() == 2;
        });
        Assert.DoesNotContain(next, n => n.IsCompleted);
        held.SetResult();
        Assert.All(await Task.WhenAll(turns), t => Assert.Equal((200, "one"), t));
        var after = await Task.WhenAll(next);
        Assert.All(after, a => Assert.Equal(200, a.Status));
        Assert.Equal(["one", "two"], after.Select(a => a.Body).Distinct().Order());
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task Jobs_of_any_process_happen_once_also_when_the_one_that_carried_them_out_has_ended()
    {
        var ran = new ConcurrentBag<string>();
        var port = await _machine.StartAppAsync(app => app.MapPost("/job/{name}", (string name) => ran.Add(name)));
        var first = await AddAsync("jobs", port);
        await AddAsync("client");
        var third = await AddAsync("jobs", port);
        foreach (var (sidecar, name) in new[] { (first.Sidecar, "a"), (third.Sidecar, "b") })
            await ScheduleAsync(sidecar, name, "200ms");
        await ScheduleAsync(first.Sidecar, "late", "3s");
        await ScheduleAsync(third.Sidecar, "replaced", "1h");
        await ScheduleAsync(first.Sidecar, "replaced", "100ms");
        await UntilAsync(() => Task.FromResult(ran.Count >= 3));
        await first.Runtime.DisposeAsync();
        await UntilAsync(() => Task.FromResult(ran.Contains("late")));
        Assert.Equal(["a", "b", "late", "replaced"], ran.Order());
        using var http = Http(third.Sidecar);
        Assert.Equal(500, (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0-alpha1/jobs/late")).Status);
    }

    private static Task<(int Status, string Body)> CallAsync(HttpClient http, int actor, string method) =>
        Machine.AskAsync(http, HttpMethod.Put, $"/v1.0/actors/T/{actor}/method/{method}");

    private static async Task ScheduleAsync(Sidecar sidecar, string name, string due)
    {
        using var http = Http(sidecar);
        var job = new { dueTime = due, overwrite = true };
        var (status, body) = await Machine.AskAsync(http, HttpMethod.Post, $"/v1.0-alpha1/jobs/{name}", job);
        Assert.True(status == 204, body);
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(HttpClient http, int calls)
    {
        var names = new List<string>();
        for (var i = 0; i < calls; i++)
        {
            using var answer = await http.GetAsync("/v1.0/invoke/callee/method/x", Machine.Cancel);
            Assert.True((int)answer.StatusCode == 299, await answer.Content.ReadAsStringAsync(Machine.Cancel));
            names.Add(answer.Headers.GetValues("X-Name").Single());
        }

        return names;
    }

    private Task<int> EchoAsync(string name) => _machine.StartAppAsync(app => app.MapFallback(async http =>
    {
        http.Response.StatusCode = 299;
        http.Response.Headers["X-Name"] = name;
        using var body = new StreamReader(http.Request.Body);
        var target = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        var headers = http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());
        await http.Response.WriteAsJsonAsync(new Seen(http.Request.Method, target, await body.ReadToEndAsync(), headers));
    }));

    private Task<int> ActorsAsync(string name, Func<string, bool, Task> turn) => _machine.StartAppAsync(app =>
    {
        app.MapGet("/dapr/config", () => new { entities = (string[])["T"] });
        app.MapGet("/healthz", () => Results.Ok());
        app.MapDelete("/actors/T/{id}", () => Results.Ok());
        app.MapPut("/actors/T/{id}/method/{method}", async (string id, string method) =>
        {
            await turn(id, method == "wait");
            return Results.Text(name);
        });
    });

    private async Task<(DaprRuntime Runtime, Sidecar Sidecar)> AddAsync(
        string appId, int? port = null, Func<SidecarOptions, SidecarOptions>? change = null, bool wait = true)
    {
        var runtime = new DaprRuntime(new RuntimeOptions { MembersFile = MembersFile });
        _runtimes.Add(runtime);
        var options = new SidecarOptions(appId)
        {
            AppPort = port, BaseDirectory = _machine.Folder, DataDirectory = _machine.Folder,
        };
        var sidecar = await runtime.AddSidecarAsync(change?.Invoke(options) ?? options, Machine.Cancel);
        if (wait)
            await sidecar.WaitForAppAsync(Machine.Cancel);
        return (runtime, sidecar);
    }

    private static HttpClient Http(Sidecar sidecar) => new() { BaseAddress = new Uri($"http://127.0.0.1:{sidecar.HttpPort}") };

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var patience = new CancellationTokenSource(Patience);
        while (!await holds())
            await timer.WaitForNextTickAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in _runtimes)
            await runtime.DisposeAsync();
        await _machine.DisposeAsync();
    }

    private sealed record Seen(string Method, string Target, string Body, Dictionary<string, string> Headers);
}
