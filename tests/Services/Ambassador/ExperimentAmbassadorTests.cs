using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Samples.ExperimentAmbassador;
using Xunit;

namespace Samples.Services.Ambassador;

/// <summary>The experiment ambassador before two arms, over real HTTP.</summary>
public sealed class ExperimentAmbassadorTests : IAsyncDisposable
{
    private readonly List<WebApplication> _apps = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("error")]
    [InlineData("silence")]
    [InlineData("death")]
    [InlineData("breaks off")]
    public async Task When_the_experiment_fails_production_answers_with_the_whole_request(string failure)
    {
        var production = await StartAsync(Echo("production"));
        var experiment = failure == "death" ? "http://127.0.0.1:1" : await StartAsync(async http =>
        {
            switch (failure)
            {
                case "error":
                    http.Response.StatusCode = 500;
                    http.Response.Headers["X-Trace-Of"] = "the experiment";
                    await http.Response.WriteAsync("stack trace", Cancel);
                    break;
                case "silence":
                    await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
                default:
                    http.Abort();
                    break;
            }
        });
        var door = await StartAmbassadorAsync(production, experiment, "0/1", ("EXPERIMENT_TIMEOUT_MS", "200"));
        for (var i = 0; i < 8; i++)
        {
            using var answer = await _http.PostAsync($"{door}/orders?x=%2F", new StringContent("body"), Cancel);
            Assert.Equal("production POST /orders?x=%2F body", await answer.Content.ReadAsStringAsync(Cancel));
            Assert.False(answer.Headers.Contains("X-Trace-Of"));
            Assert.True(answer.Headers.Contains("Set-Cookie"));
        }

        var evaluation = await _http.GetFromJsonAsync<JsonElement>($"{door}/ambassador/evaluation", Cancel);
        // After five failures in a row it is left alone.
        Assert.Equal(5, evaluation.GetProperty("experiment").GetProperty("fallbacks").GetInt32());
        Assert.Equal(3, evaluation.GetProperty("experiment").GetProperty("bypassed").GetInt32());
    }

    [Fact]
    public async Task The_sidecar_s_token_goes_to_no_arm_that_is_an_address()
    {
        // The tests' other sidecars ask for none, and heed none.
        Environment.SetEnvironmentVariable("DAPR_API_TOKEN", "secret");
        try
        {
            var arm = await StartAsync(http => http.Response.WriteAsync(http.Request.Headers["dapr-api-token"].ToString(), Cancel));
            var door = await StartAmbassadorAsync(arm, arm, "50/50");
            using var request = new HttpRequestMessage(HttpMethod.Get, door) { Headers = { { "dapr-api-token", "from outside" } } };
            using var answer = await _http.SendAsync(request, Cancel);
            Assert.Equal("", await answer.Content.ReadAsStringAsync(Cancel));
        }
        finally
        {
            Environment.SetEnvironmentVariable("DAPR_API_TOKEN", null);
        }
    }

    [Fact]
    public async Task A_client_without_a_cookie_gets_one_and_keeps_its_arm()
    {
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), await StartAsync(Echo("experiment")), "50/50");
        var seen = new HashSet<string>();
        for (var i = 0; i < 30; i++)
        {
            using var first = await _http.GetAsync(door, Cancel);
            var arm = await first.Content.ReadAsStringAsync(Cancel);
            seen.Add(arm);
            using var again = new HttpRequestMessage(HttpMethod.Get, door);
            again.Headers.Add("Cookie", first.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
            using var second = await _http.SendAsync(again, Cancel);
            Assert.Equal(arm, await second.Content.ReadAsStringAsync(Cancel));
            Assert.False(second.Headers.Contains("Set-Cookie"));
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task A_header_says_who_the_client_is()
    {
        var door = await StartAmbassadorAsync(
            await StartAsync(Echo("production")), await StartAsync(Echo("experiment")), "50/50", ("CLIENT_BY", "header"));
        async Task<string> Ask(string client)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, door) { Headers = { { "X-Client-Id", client } } };
            using var answer = await _http.SendAsync(request, Cancel);
            return await answer.Content.ReadAsStringAsync(Cancel);
        }

        var arms = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Ask($"client-{i % 20}")));
        Assert.Equal(arms[..20], arms[20..]);
        Assert.Equal(2, arms.Distinct().Count());
    }

    [Fact]
    public async Task Mirrored_requests_reach_the_experiment_whole_and_its_answers_nobody()
    {
        var mirrored = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var experiment = await StartAsync(async http =>
        {
            mirrored.Writer.TryWrite(
                $"{http.Request.Method} {http.Request.Path} {await new StreamReader(http.Request.Body).ReadToEndAsync(Cancel)}");
            http.Response.StatusCode = 500;
        });
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), experiment, "0/1", ("MIRROR", "true"));
        using var answer = await _http.PostAsync($"{door}/orders", new StringContent("body"), Cancel);
        Assert.Equal("production POST /orders body", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("POST /orders body", await mirrored.Reader.ReadAsync(Cancel));
    }

    [Fact]
    public async Task When_production_fails_the_client_is_told()
    {
        var door = await StartAmbassadorAsync("http://127.0.0.1:1", "http://127.0.0.1:1", "50/50");
        using var answer = await _http.GetAsync(door, Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task Headers_in_UTF_8_pass_both_ways_and_are_no_failures()
    {
        var experiment = await StartAsync(http =>
        {
            http.Response.Headers["X-Seen"] = http.Request.Headers["X-Name"];
            http.Response.Headers.ContentDisposition = "attachment; filename=\"Übersicht.pdf\"";
            return Task.CompletedTask;
        });
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), experiment, "0/1");
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseCookies = false,
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        });
        for (var i = 0; i < 6; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, door) { Headers = { { "X-Name", "Jürgen" } } };
            using var answer = await client.SendAsync(request, Cancel);
            Assert.Equal("Jürgen", answer.Headers.GetValues("X-Seen").Single());
            Assert.Equal("attachment; filename=\"Übersicht.pdf\"", answer.Content.Headers.GetValues("Content-Disposition").Single());
        }

        Assert.Equal((6, 0, 0), await ExperimentAsync(door));
    }

    [Theory, InlineData("Content-Length: 1000"), InlineData("Content-Length: 2000000"), InlineData("Transfer-Encoding: chunked")]
    public async Task An_upload_that_the_client_breaks_off_is_held_against_nobody(string length)
    {
        var experiment = await StartAsync(async http =>
        {
            try
            {
                await http.Request.Body.CopyToAsync(Stream.Null, Cancel);
                await http.Response.WriteAsync("experiment", Cancel);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // Its client is gone, too.
            }
        });
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), experiment, "0/1");
        for (var i = 0; i < 8; i++)
        {
            using var client = await ConnectAsync(door);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n5\r\nabcde\r\n"), Cancel);
            client.Client.Shutdown(SocketShutdown.Send);
            try
            {
                await stream.CopyToAsync(Stream.Null, Cancel);
            }
            catch (IOException)
            {
                // Closed with a reset, which is closed as well: it is over for the ambassador, too.
            }
        }

        Assert.Equal("experiment", await _http.GetStringAsync(door, Cancel));
        Assert.Equal((1, 0, 0), await ExperimentAsync(door));
    }

    [Fact]
    public async Task The_time_limit_ends_with_the_answer_s_first_byte()
    {
        var experiment = await StartAsync(async http =>
        {
            await http.Response.WriteAsync("first ", Cancel);
            await http.Response.Body.FlushAsync(Cancel);
            await Task.Delay(600, Cancel);
            await http.Response.WriteAsync("second", Cancel);
        });
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), experiment, "0/1", ("EXPERIMENT_TIMEOUT_MS", "200"));
        Assert.Equal("first second", await _http.GetStringAsync(door, Cancel));
        Assert.Equal((1, 0, 0), await ExperimentAsync(door));
    }

    [Fact]
    public async Task Nor_does_it_count_while_the_client_sends()
    {
        var experiment = await StartAsync(Echo("experiment"));
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), experiment, "0/1", ("EXPERIMENT_TIMEOUT_MS", "200"));
        using var client = await ConnectAsync(door);
        await client.GetStream().WriteAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabcde"u8.ToArray(), Cancel);
        await Task.Delay(600, Cancel);
        await client.GetStream().WriteAsync("fghij"u8.ToArray(), Cancel);
        Assert.Contains("experiment POST / abcdefghij", await new StreamReader(client.GetStream()).ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task A_WebSocket_may_pause_for_longer_than_the_experiment_may_take_to_begin()
    {
        var experiment = await StartAsync(async http =>
        {
            using var server = await http.WebSockets.AcceptWebSocketAsync();
            await Task.Delay(600, Cancel);
            await server.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancel);
            await server.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        });
        var door = await StartAmbassadorAsync(await StartAsync(Echo("production")), experiment, "0/1", ("EXPERIMENT_TIMEOUT_MS", "200"));
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri(door.Replace("http:", "ws:", StringComparison.Ordinal)), Cancel);
        var received = new byte[100];
        var message = await client.ReceiveAsync(received.AsMemory(), Cancel);
        Assert.Equal("hello", Encoding.ASCII.GetString(received, 0, message.Count));
    }

    // Requests, errors, requests that production got instead.
    private async Task<(int Requests, int Errors, int Bypassed)> ExperimentAsync(string door)
    {
        var arm = (await _http.GetFromJsonAsync<JsonElement>($"{door}/ambassador/evaluation", Cancel)).GetProperty("experiment");
        return (arm.GetProperty("requests").GetInt32(), arm.GetProperty("errors").GetInt32(), arm.GetProperty("bypassed").GetInt32());
    }

    private static async Task<TcpClient> ConnectAsync(string door)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(door).Port, Cancel);
        return client;
    }

    private static RequestDelegate Echo(string name) => async http =>
    {
        var request = http.Request;
        var body = await new StreamReader(request.Body).ReadToEndAsync(Cancel);
        var said = request.Method == "GET" ? name : $"{name} {request.Method} {request.Path}{request.QueryString} {body}";
        await http.Response.WriteAsync(said, Cancel);
    };

    private async Task<string> StartAmbassadorAsync(
        string production, string experiment, string weights, params (string Name, string Value)[] settings)
    {
        var builder = Builder();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("PRODUCTION", production),
            new("EXPERIMENT_ARM", experiment),
            new("WEIGHTS", weights),
            .. settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)),
        ]).Build();
        builder.Services.AddSingleton(TimeProvider.System).AddExperiment(ExperimentOptions.From(configuration));
        var app = builder.Build();
        app.MapExperiment();
        if (configuration["MIRROR"] == "true")
            app.Services.GetRequiredService<ExperimentArms>().Configure(new Dictionary<string, string> { ["experiment.mode"] = "mirror" });
        return await StartAsync(app);
    }

    private Task<string> StartAsync(RequestDelegate answer)
    {
        var app = Builder().Build();
        app.UseWebSockets();
        app.Run(answer);
        return StartAsync(app);
    }

    private async Task<string> StartAsync(WebApplication app)
    {
        _apps.Add(app);
        await app.StartAsync(Cancel);
        return app.Urls.First();
    }

    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8);
        return builder;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var app in _apps)
            await app.DisposeAsync();
    }
}
