using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Services.WorkQueue;

/// <summary>The queue as clients have it: source and managers as processes, requests over HTTP and through sidecars.</summary>
public sealed partial class QueueServiceTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task Items_with_any_name_go_through_and_ones_that_come_later_are_found()
    {
        var manager = await StartManagerAsync();
        await StartSourceAsync();
        string[] names = ["100% größe #1?.jpg", "two  spaces", "日本語.png", "a+b&c=d", "%2e%2e%2fsecret", "%41"];
        Write([.. names]);
        await WaitAsync(manager, "queued", names.Length);
        foreach (var _ in names)
        {
            var (_, lease) = await manager.AskAsync(HttpMethod.Post, "/leases", new { worker = "test" });
            var id = lease.GetProperty("id").GetString()!;
            Assert.Contains(id, names);
            // The content, as a worker host fetches it: through the sidecar, by Dapr invocation.
            using var through =
                new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{manager.Sidecar.HttpPort}/v1.0/invoke/source-files/method/") };
            Assert.Equal($"content of {id}", await through.GetStringAsync("items/" + Uri.EscapeDataString(id), Machine.Cancel));
            Assert.Equal(204, (await manager.AskAsync(HttpMethod.Post, LeasePath(lease, "end"), new { failure = (string?)null })).Status);
            Assert.Equal(
                "done",
                (await manager.AskAsync(HttpMethod.Get, "/items/" + Uri.EscapeDataString(id))).Body.GetProperty("state").GetString());
        }
    }

    [Fact]
    public async Task With_the_end_of_one_item_comes_the_next()
    {
        var manager = await StartManagerAsync();
        await StartSourceAsync();
        Write("a.txt", "b.txt");
        await WaitAsync(manager, "queued", 2);
        var (_, a) = await manager.AskAsync(HttpMethod.Post, "/leases", new { worker = "w" });
        var (status, b) = await manager.AskAsync(HttpMethod.Post, LeasePath(a, "end"), new { next = "w" });
        Assert.Equal((200, "b.txt", 1), (status, b.GetProperty("id").GetString(), b.GetProperty("attempt").GetInt32()));
        Assert.Equal(204, (await manager.AskAsync(HttpMethod.Post, LeasePath(b, "end"), new { failure = "broken", next = "w" })).Status);
        var item = (await manager.AskAsync(HttpMethod.Get, "/items/b.txt")).Body;
        Assert.Equal(("queued", "broken"), (item.GetProperty("state").GetString(), item.GetProperty("failure").GetString()));
    }

    private static readonly (string Method, string Path, string? Body, int Status, string? Type, string? Field)[] WrongRequests =
    [
        ("GET", "/items/unknown", null, 404, "item-not-found", null),
        ("POST", "/leases", "", 400, "unreadable-request", null),
        ("POST", "/leases", "{", 400, "unreadable-request", "body"),
        ("POST", "/leases", "[]", 400, "unreadable-request", "body"),
        ("POST", "/leases", """{"worker": 7}""", 400, "unreadable-request", "worker"),
        ("POST", "/leases", "{}", 400, null, "worker"),
        ("POST", "/leases", """{"worker": ""}""", 400, null, "worker"),
        ("POST", "/leases/x/items/unknown/renew", "", 404, "item-not-found", null),
        ("POST", "/leases/x/items/unknown/end", "{}", 404, "item-not-found", null),
        ("POST", "/leases/x/items/unknown/end", "", 400, "unreadable-request", null),
        ("POST", "/leases/x/items/waits.txt/renew", "", 409, "lease-lost", null),
        ("POST", "/leases/x/items/waits.txt/end", "{}", 409, "lease-lost", null),
        ("POST", "/leases/x/items/waits.txt/end", """{"failure": {}}""", 400, "unreadable-request", "failure"),
        ("POST", "/leases/x/items/waits.txt/end", """{"next": ""}""", 400, null, "next"),
        ("POST", "/dead-letters/unknown/replay", "", 404, "item-not-found", null),
        ("DELETE", "/items/waits.txt", "", 405, null, null),
        ("GET", "/no/such/path", null, 404, null, null),
    ];

    [Fact]
    public async Task A_wrong_request_is_told_what_is_wrong()
    {
        var manager = await StartManagerAsync();
        await StartSourceAsync();
        Write("waits.txt");
        await WaitAsync(manager, "queued", 1);
        foreach (var wrong in WrongRequests)
        {
            using var content = wrong.Body is { } body ? new StringContent(body, Encoding.UTF8, "application/json") : null;
            var (status, problem) = await manager.AskAsync(new HttpMethod(wrong.Method), wrong.Path, content);
            var said = $"{wrong}: {status} {problem}";
            Assert.True(status == wrong.Status && problem.GetProperty("status").GetInt32() == status, said);
            Assert.True(wrong.Type is null || problem.GetProperty("type").GetString() == wrong.Type, said);
            Assert.True(wrong.Field is null || problem.GetProperty("errors").TryGetProperty(wrong.Field, out _), said);
            Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        }

        // Nothing half written.
        Assert.Equal("queued", (await manager.AskAsync(HttpMethod.Get, "/items/waits.txt")).Body.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_form_where_JSON_belongs_is_415_and_an_item_that_is_not_dead_is_409()
    {
        var manager = await StartManagerAsync();
        await StartSourceAsync();
        Write("waits.txt");
        await WaitAsync(manager, "queued", 1);
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("worker", "w")]);
        Assert.Equal(415, (await manager.AskAsync(HttpMethod.Post, "/leases", form)).Status);
        var (status, problem) = await manager.AskAsync(HttpMethod.Post, "/dead-letters/waits.txt/replay");
        Assert.Equal((409, "not-dead"), (status, problem.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task The_standby_says_so_reads_for_everybody_and_takes_over()
    {
        await StartSourceAsync();
        var first = await StartManagerAsync();
        Write("a.txt");
        await WaitAsync(first, "queued", 1);
        var standby = await _machine.StartAsync("Samples.QueueManager", "queue-manager", Fast);
        // What Dapr asks to know whom to send requests to.
        Assert.Equal(200, (await first.AskAsync(HttpMethod.Get, "/active")).Status);
        Assert.Equal(503, (await standby.AskAsync(HttpMethod.Get, "/active")).Status);
        using (var answer = await standby.Http.GetAsync("/demand", Machine.Cancel))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.Zero, answer.Headers.RetryAfter!.Delta);
        }

        // What only reads, either replica answers.
        Assert.Equal(1, (await standby.AskAsync(HttpMethod.Get, "/stats")).Body.GetProperty("queued").GetInt32());
        Assert.Equal("a.txt", (await standby.AskAsync(HttpMethod.Get, "/items")).Body[0].GetProperty("id").GetString());
        // A manager that is asked to stop hands over: much sooner than after its silence.
        var (_, lease) = await first.AskAsync(HttpMethod.Post, "/leases", new { worker = "w" });
        first.Signal("TERM");
        Assert.Equal(0, await first.WaitForExitAsync(TimeSpan.FromSeconds(10), Machine.Cancel));
        await WaitActiveAsync(standby);
        Assert.Equal(204, (await standby.AskAsync(HttpMethod.Post, LeasePath(lease, "renew"))).Status);
        Assert.Equal(204, (await standby.AskAsync(HttpMethod.Post, LeasePath(lease, "end"), new { failure = (string?)null })).Status);
    }

    [Fact]
    public async Task Every_request_of_try_http_works()
    {
        await StartSourceAsync();
        var manager = await StartManagerAsync(("MAX_FAILURES", "1"));
        Write("broken.jpg");
        await WaitAsync(manager, "queued", 1);
        var (_, lease) = await manager.AskAsync(HttpMethod.Post, "/leases", new { worker = "w" });
        await manager.AskAsync(HttpMethod.Post, LeasePath(lease, "end"), new { failure = "broken" });
        Write("next.jpg");
        await WaitAsync(manager, "queued", 1);
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "services/batch/work-queue/try.http"))
            .Replace("127.0.0.1:6310", $"127.0.0.1:{manager.Sidecar.HttpPort}", StringComparison.Ordinal);
        foreach (Match variable in Variable().Matches(text))
            text = text.Replace("{{" + variable.Groups["name"].Value + "}}", variable.Groups["value"].Value, StringComparison.Ordinal);
        var requests = Request().Matches(text);
        Assert.Equal(10, requests.Count);
        var answers = new Dictionary<string, JsonElement>();
        foreach (Match request in requests)
        {
            using var content = request.Groups["body"] is { Success: true } body
                ? new StringContent(body.Value, Encoding.UTF8, "application/json")
                : null;
            var method = new HttpMethod(request.Groups["method"].Value);
            var address = OfAnswer().Replace(
                request.Groups["address"].Value,
                o => answers[o.Groups["name"].Value].GetProperty(o.Groups["field"].Value).GetString()!);
            using var message = new HttpRequestMessage(method, address) { Content = content };
            using var answer = await manager.Http.SendAsync(message, Machine.Cancel);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{request.Value}: {(int)answer.StatusCode}");
            if (request.Groups["name"] is { Success: true } name)
                answers[name.Value] = await answer.Content.ReadFromJsonAsync<JsonElement>(Machine.Cancel);
        }
    }

    private static readonly (string, string)[] Fast = [("PERIOD_SECONDS", "0.1"), ("LEADER_SECONDS", "10")];

    private Task<Service> StartSourceAsync() => _machine.StartAsync("Samples.SourceFiles", "source-files", ("SOURCE_SETTLED_MS", "0"));

    private async Task<Service> StartManagerAsync(params (string, string)[] settings)
    {
        var manager = await _machine.StartAsync("Samples.QueueManager", "queue-manager", [.. Fast, .. settings]);
        await WaitActiveAsync(manager);
        return manager;
    }

    private void Write(params string[] names)
    {
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "pictures"));
        foreach (var name in names)
            File.WriteAllText(Path.Combine(_machine.Folder, "pictures", name), $"content of {name}");
    }

    private static string LeasePath(JsonElement lease, string action) =>
        $"/leases/{lease.GetProperty("lease").GetString()}/items/{Uri.EscapeDataString(lease.GetProperty("id").GetString()!)}/{action}";

    private Task WaitActiveAsync(Service manager) =>
        _machine.WaitAsync("an active manager", async () => (await manager.AskAsync(HttpMethod.Get, "/demand")).Status == 200);

    private Task WaitAsync(Service manager, string state, int count) => _machine.WaitAsync($"{count} {state}",
        async () => (await manager.AskAsync(HttpMethod.Get, "/stats")).Body.GetProperty(state).GetInt32() == count);

    [GeneratedRegex(@"^@(?<name>\w+) = (?<value>\S+)", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(
        @"^(# @name (?<name>\w+)\n)?(?<method>GET|POST) (?<address>\S+)(\nContent-Type: application/json\n\n(?<body>\{.*\}))?",
        RegexOptions.Multiline)]
    private static partial Regex Request();

    [GeneratedRegex(@"\{\{(?<name>\w+)\.response\.body\.\$\.(?<field>\w+)\}\}")]
    private static partial Regex OfAnswer();

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
