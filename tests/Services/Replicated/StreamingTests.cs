using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>Answers that go on for as long as both sides like: the limit on silence is one until they begin.</summary>
public sealed class StreamingTests : IAsyncDisposable
{
    private const string Limit = "0.4";

    private readonly Machine _machine = new();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(40) };

    [Fact]
    public async Task An_event_stream_comes_event_by_event_and_outlasts_every_silence()
    {
        await using var replica = await ScriptedOrigin.StartAsync(AnswerAsync);
        var balancer = await _machine.StartAsync(
            "Samples.Balancer", "balancer", ("REPLICAS", replica.Address), ("REPLICA_TIMEOUT_SECONDS", Limit));
        var door = await StartDoorAsync(balancer.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        using var answer = await _client.GetAsync(
            new Uri(door.Http.BaseAddress!, "/events"), HttpCompletionOption.ResponseHeadersRead, Machine.Cancel);
        // It has begun, and nothing has happened yet.
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("replica=", answer.Headers.GetValues("Set-Cookie").First(), StringComparison.Ordinal);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Machine.Cancel));
        foreach (var i in Enumerable.Range(1, 3))
        {
            await WaitOutLimitAsync(door);
            _events.Writer.TryWrite($"data: {i}");
            Assert.Equal($"data: {i}", await reader.ReadLineAsync(Machine.Cancel));
            Assert.Equal(204, (await door.AskAsync(HttpMethod.Put, $"/replicas/new-{i}", new { address = "http://127.0.0.1:9" })).Status);
            Assert.Equal(204, (await door.AskAsync(HttpMethod.Delete, $"/replicas/new-{i}")).Status);
        }

        _events.Writer.Complete();
        Assert.Null(await reader.ReadLineAsync(Machine.Cancel));
    }

    [Fact]
    public async Task An_event_stream_whose_replica_is_gone_ends_with_an_error()
    {
        await using var replica = await ScriptedOrigin.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n", http.RequestAborted);
            await _events.Reader.WaitToReadAsync(http.RequestAborted);
            http.Abort();
        });
        var door = await StartDoorAsync(replica.Address);
        using var answer = await _client.GetAsync(door.Http.BaseAddress, HttpCompletionOption.ResponseHeadersRead, Machine.Cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Machine.Cancel));
        Assert.Equal("data: 1", await reader.ReadLineAsync(Machine.Cancel));
        _events.Writer.Complete();
        await Assert.ThrowsAnyAsync<IOException>(async () => await reader.ReadLineAsync(Machine.Cancel));
    }

    [Fact]
    public async Task A_websocket_outlasts_every_silence()
    {
        await using var replica = await ScriptedOrigin.StartAsync(AnswerAsync);
        var door = await StartDoorAsync(replica.Address);
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new UriBuilder(door.Http.BaseAddress!) { Scheme = "ws", Path = "/socket" }.Uri, Machine.Cancel);
        await WaitOutLimitAsync(door);
        _events.Writer.TryWrite("hello");
        var buffer = new byte[100];
        var got = await client.ReceiveAsync(buffer.AsMemory(), Machine.Cancel);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, got.Count));
        // One that does not begin is not waited for.
        using var silent = new ClientWebSocket();
        await Assert.ThrowsAsync<WebSocketException>(() => silent.ConnectAsync(
            new UriBuilder(door.Http.BaseAddress!) { Scheme = "ws", Path = "/silent" }.Uri, Machine.Cancel));
        Assert.Equal(HttpStatusCode.GatewayTimeout, await SilentAsync(door));
    }

    [Theory]
    [InlineData("Cache-Control: no-cache", "ETag: \"v1\"")]
    [InlineData("Cache-Control: public, max-age=60")]
    [InlineData("X-Nothing: said")]
    public async Task The_cache_streams_events_on_and_keeps_none(params string[] headers)
    {
        await using var bench = await CacheBench.StartAsync(http =>
        {
            foreach (var header in headers)
                http.Response.Headers.Append(header.Split(": ", 2)[0], header.Split(": ", 2)[1]);
            return SendEventsAsync(http);
        });
        for (var i = 1; i <= 2; i++)
        {
            using var answer = await _client.GetAsync($"{bench.Address}/a", HttpCompletionOption.ResponseHeadersRead, Machine.Cancel);
            Assert.Equal("MISS", answer.Headers.GetValues("X-Cache").Single());
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Machine.Cancel));
            _events.Writer.TryWrite($"data: {i}");
            Assert.Equal($"data: {i}", await reader.ReadLineAsync(Machine.Cancel));
            _events.Writer.TryWrite("");
            Assert.Equal("", await reader.ReadToEndAsync(Machine.Cancel));
        }
    }

    private Task<Service> StartDoorAsync(string address) => _machine.StartAsync(
        "Samples.FrontDoor", "front-door", ("REPLICAS", address), ("REPLICA_TIMEOUT_SECONDS", Limit), ("AFFINITY", "cookie"));

    private Task AnswerAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/events" => SendEventsAsync(http),
        "/socket" => SendOnSocketAsync(http),
        _ => Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default),
    };

    // An empty one ends it.
    private async Task SendEventsAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.FlushAsync(http.RequestAborted);
        await foreach (var line in _events.Reader.ReadAllAsync(http.RequestAborted))
        {
            if (line.Length == 0)
                return;
            await http.Response.WriteAsync(line + "\n", http.RequestAborted);
        }
    }

    private async Task SendOnSocketAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        await foreach (var word in _events.Reader.ReadAllAsync(http.RequestAborted))
            await socket.SendAsync(Encoding.UTF8.GetBytes(word).AsMemory(), WebSocketMessageType.Text, true, http.RequestAborted);
    }

    // Others that began later are over by then, ended by the same limit.
    private async Task WaitOutLimitAsync(Service door)
    {
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.GatewayTimeout, await SilentAsync(door));
    }

    private async Task<HttpStatusCode> SilentAsync(Service door)
    {
        using var answer = await _client.GetAsync(new Uri(door.Http.BaseAddress!, "/silent"), Machine.Cancel);
        return answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        _client.Dispose();
        await _machine.DisposeAsync();
    }
}
