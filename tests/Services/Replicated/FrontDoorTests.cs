using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>The load balancer as a process, before replicas that answer as a test says.</summary>
public sealed class FrontDoorTests : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly List<ScriptedOrigin> _replicas = [];

    [Fact]
    public async Task A_get_is_tried_at_another_replica_and_a_post_that_was_sent_is_not()
    {
        await AddReplicaAsync(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        await AddReplicaAsync(ScriptedOrigin.Says("well"));
        var door = await StartAsync();
        foreach (var _ in Enumerable.Range(0, 6))
            Assert.Equal("200 well", await WordsAsync(door, HttpMethod.Get));
        Assert.NotEmpty(_replicas[0].Asked);
        var before = _replicas.Sum(r => r.Asked.Count);
        var posts = new List<string>();
        foreach (var _ in Enumerable.Range(0, 4))
        {
            posts.Add(await WordsAsync(door, HttpMethod.Post));
            // Its mark has to be over, or the broken one would not be asked.
            await _machine.WaitAsync(
                "the broken replica is back",
                async () => (await ViewAsync(door)).All(r => r.GetProperty("passive").GetString() != "unhealthy"));
        }

        Assert.Contains(posts, p => p.StartsWith("502", StringComparison.Ordinal));
        Assert.Equal(before + posts.Count, _replicas.Sum(r => r.Asked.Count));
    }

    [Fact]
    public async Task A_post_that_reached_nobody_is_tried_at_another_replica()
    {
        await AddReplicaAsync(ScriptedOrigin.Says("well"));
        var door = await StartAsync($"http://127.0.0.1:{Service.FreePort()}");
        foreach (var _ in Enumerable.Range(0, 4))
            Assert.Equal("200 well", await WordsAsync(door, HttpMethod.Post));
    }

    [Fact]
    public async Task A_replica_that_says_503_is_passed_over_and_its_word_counts_where_there_is_no_other()
    {
        var well = true;
        await AddReplicaAsync(http => SayAsync(http, 503, "busy"));
        await AddReplicaAsync(http => SayAsync(http, well ? 200 : 503, well ? "well" : "busy, too"));
        var door = await StartAsync();
        foreach (var _ in Enumerable.Range(0, 4))
            Assert.Equal("200 well", await WordsAsync(door, HttpMethod.Get));
        well = false;
        Assert.StartsWith("503 busy", await WordsAsync(door, HttpMethod.Get), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replica_that_came_back_while_a_request_was_under_way_gets_its_second_try()
    {
        var die = new TaskCompletionSource();
        await AddReplicaAsync(async http =>
        {
            await die.Task;
            http.Abort();
        });
        await AddReplicaAsync(ScriptedOrigin.Says("well"));
        _replicas[1].Ready = 503;
        var door = await StartAsync();
        await _machine.WaitAsync("the second is out", async () => (await HealthAsync(door)).Contains("unhealthy"));
        var asking = WordsAsync(door, HttpMethod.Get);
        await _machine.WaitAsync("the first has it", () => Task.FromResult(!_replicas[0].Asked.IsEmpty));
        _replicas[1].Ready = 200;
        await _machine.WaitAsync("the second is back", async () => !(await HealthAsync(door)).Contains("unhealthy"));
        die.SetResult();
        Assert.Equal("200 well", await asking);
    }

    [Fact]
    public async Task Where_every_replica_is_marked_unhealthy_one_is_tried_all_the_same()
    {
        await AddReplicaAsync(ScriptedOrigin.Says("well"));
        _replicas[0].Ready = 503;
        var door = await StartAsync();
        await _machine.WaitAsync(
            "it is marked", async () => (await ViewAsync(door)).All(r => r.GetProperty("active").GetString() == "unhealthy"));
        Assert.Equal("200 well", await WordsAsync(door, HttpMethod.Get));
    }

    [Theory]
    [InlineData("replica=garbage")]
    [InlineData("replica=0123456789abcdef")]
    [InlineData("replica=; replica=\"x")]
    public async Task A_cookie_that_names_no_replica_gets_a_replica_and_a_new_cookie(string cookie)
    {
        await AddReplicaAsync(ScriptedOrigin.Says("well"));
        var door = await StartAsync(extra: ("AFFINITY", "cookie"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a");
        request.Headers.TryAddWithoutValidation("Cookie", cookie);
        using var answer = await door.Http.SendAsync(request, Machine.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith("replica=", answer.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_is_counted_by_the_first_address_from_the_right_that_is_no_trusted_proxy()
    {
        await AddReplicaAsync(http => ScriptedOrigin.SayAsync(http, http.Request.Headers["X-Forwarded-For"].ToString()));
        var door = await StartAsync(
            extra: [("RATE_LIMIT", "2"), ("RATE_WINDOW_SECONDS", "3600"), ("TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")]);
        // What is leftmost is the client's own invention, another one each time.
        Assert.Equal("200 203.0.113.9", await WordsAsync(door, HttpMethod.Get, "1.1.1.1, 203.0.113.9, 10.0.0.1"));
        Assert.Equal("200 203.0.113.9", await WordsAsync(door, HttpMethod.Get, "2.2.2.2, 203.0.113.9"));
        Assert.StartsWith("429", await WordsAsync(door, HttpMethod.Get, "3.3.3.3, 203.0.113.9, 10.0.0.2"), StringComparison.Ordinal);
        Assert.StartsWith("200", await WordsAsync(door, HttpMethod.Get, "203.0.113.9, 203.0.113.10"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_websocket_stays_while_replicas_come_and_go()
    {
        await AddReplicaAsync(async http =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            while (await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted) is { MessageType: not WebSocketMessageType.Close } got)
                await socket.SendAsync(buffer.AsMemory(0, got.Count), WebSocketMessageType.Text, true, http.RequestAborted);
        });
        var door = await StartAsync();
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new UriBuilder(door.Http.BaseAddress!) { Scheme = "ws" }.Uri, Machine.Cancel);
        await EchoAsync(client);
        foreach (var i in Enumerable.Range(1, 3))
        {
            Assert.Equal(204, (await door.AskAsync(HttpMethod.Put, $"/replicas/new-{i}", new { address = "http://127.0.0.1:9" })).Status);
            await EchoAsync(client);
            Assert.Equal(204, (await door.AskAsync(HttpMethod.Delete, $"/replicas/new-{i}")).Status);
            await EchoAsync(client);
        }
    }

    [Theory]
    [InlineData("http://10.0.0.1:80")]
    [InlineData("http://localhost:80")]
    [InlineData("https://127.0.0.1:80")]
    [InlineData("http://127.0.0.1:80/path")]
    [InlineData("http://user@127.0.0.1:80")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task An_announcement_of_what_is_no_replica_is_refused(string? address)
    {
        var door = await StartAsync("http://127.0.0.1:9");
        var (status, body) = await door.AskAsync(HttpMethod.Put, "/replicas/x", new { address });
        Assert.Equal(400, status);
        Assert.True(body.GetProperty("errors").TryGetProperty("address", out _));
        Assert.DoesNotContain(await ViewAsync(door), r => r.GetProperty("name").GetString() == "x");
    }

    [Fact]
    public async Task What_only_dapr_asks_for_is_no_replicas_to_answer()
    {
        await AddReplicaAsync(ScriptedOrigin.Says("leaked"));
        var door = await StartAsync();
        foreach (var path in (string[])["/dapr/subscribe", "/dapr/config", "/actors/T/1/method/x", "/job/x"])
            Assert.Equal(404, (int)(await door.Http.GetAsync(path, Machine.Cancel)).StatusCode);
        Assert.Empty(_replicas[0].Asked);
    }

    private async Task AddReplicaAsync(Func<HttpContext, Task> answer) => _replicas.Add(await ScriptedOrigin.StartAsync(answer));

    private Task<Service> StartAsync(string? more = null, params (string Name, string Value)[] extra) => _machine.StartAsync(
        "Samples.FrontDoor", "front-door",
        [("REPLICAS", string.Join(',', [.. _replicas.Select(r => r.Address), .. more is null ? [] : (string[])[more]])), .. extra]);

    private static Task SayAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsync(text, http.RequestAborted);
    }

    private static async Task<IReadOnlyList<JsonElement>> ViewAsync(Service door) =>
        [.. (await door.AskAsync(HttpMethod.Get, "/replicas")).Body.EnumerateArray()];

    private static async Task<string> WordsAsync(Service door, HttpMethod method, string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(method, "/a") { Content = method == HttpMethod.Post ? new StringContent("body") : null };
        if (forwardedFor is not null)
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        using var answer = await door.Http.SendAsync(request, Machine.Cancel);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Machine.Cancel)}";
    }

    private static async Task<IReadOnlyList<string?>> HealthAsync(Service door) =>
        [.. (await ViewAsync(door)).Select(r => r.GetProperty("active").GetString())];

    private static async Task EchoAsync(ClientWebSocket client)
    {
        await client.SendAsync("hello"u8.ToArray().AsMemory(), WebSocketMessageType.Text, true, Machine.Cancel);
        var buffer = new byte[100];
        var got = await client.ReceiveAsync(buffer.AsMemory(), Machine.Cancel);
        Assert.Equal("hello", System.Text.Encoding.UTF8.GetString(buffer, 0, got.Count));
    }

    public async ValueTask DisposeAsync()
    {
        await _machine.DisposeAsync();
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
    }
}
