using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Samples.Conformance.Daprd;
using Samples.Runtime;
using Samples.Runtime.Apps;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Conformance;

/// <summary>Invocation over HTTP beyond what the record shows: bodies, headers, endpoints outside, who may call.</summary>
public sealed class InvocationTests : IAsyncDisposable
{
    // More than what clients and servers gather before they send.
    private const int Piece = 256 << 10;
    private readonly Machine _machine = new();

    [Fact(Timeout = 30_000)]
    public async Task Bodies_are_streamed_both_ways()
    {
        var begun = new TaskCompletionSource();
        var seen = new TaskCompletionSource();
        var callee = await _machine.StartAppAsync(app => app.MapPost("/echo", async (HttpContext http) =>
        {
            using var body = new MemoryStream();
            body.WriteByte((byte)http.Request.Body.ReadByte());
            begun.SetResult();
            await http.Request.Body.CopyToAsync(body);
            await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, Piece));
            await http.Response.Body.FlushAsync();
            await seen.Task;
            await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(Piece, Piece));
        }), builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.AllowSynchronousIO = true));
        using var http = await CallerAsync(callee);
        var pipe = new System.IO.Pipelines.Pipe();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, "/v1.0/invoke/callee/method/echo")
        { Content = new StreamContent(pipe.Reader.AsStream()) };
        var sending = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Machine.Cancel);
        var sent = RandomNumberGenerator.GetBytes(2 * Piece);
        await pipe.Writer.WriteAsync(sent.AsMemory(0, Piece), Machine.Cancel);
        // The application has the beginning before the end is written, and the caller its answer's before the rest is made.
        await begun.Task.WaitAsync(TestContext.Current.CancellationToken);
        await pipe.Writer.WriteAsync(sent.AsMemory(Piece), Machine.Cancel);
        await pipe.Writer.CompleteAsync();
        using var response = await sending;
        await using var answer = await response.Content.ReadAsStreamAsync(Machine.Cancel);
        var received = new byte[2 * Piece];
        await answer.ReadExactlyAsync(received.AsMemory(0, Piece), Machine.Cancel);
        seen.SetResult();
        await answer.ReadExactlyAsync(received.AsMemory(Piece), Machine.Cancel);
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task A_large_body_passes_where_the_limit_allows_it_and_gets_413_where_not()
    {
        var callee = await _machine.StartAppAsync(
            app => app.MapPost(
                "/hash",
                async (HttpContext http) =>
                    await http.Response.WriteAsync(Convert.ToHexString(await SHA256.HashDataAsync(http.Request.Body)))),
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null));
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = callee }, "");
        var body = RandomNumberGenerator.GetBytes(20 << 20);
        using var wide = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller") { MaxBodySize = 32 << 20 }, ""));
        using var accepted = await PostAsync(wide, body);
        Assert.Equal(
            (HttpStatusCode.OK, Convert.ToHexString(SHA256.HashData(body))),
            (accepted.StatusCode, await accepted.Content.ReadAsStringAsync(Machine.Cancel)));
        using var narrow = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller2"), ""));
        try
        {
            using var refused = await PostAsync(narrow, body);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
            Assert.Contains("max-body-size", await refused.Content.ReadAsStringAsync(Machine.Cancel));
        }
        catch (HttpRequestException error) when (Executables.AreReal && error.InnerException is IOException)
        {
            // Daprd reads as far as the limit, answers and closes: a client that still sends may not see the answer.
        }
    }

    [Fact]
    public async Task The_caller_is_named_by_its_sidecar_and_tokens_stay_where_they_belong()
    {
        var callee = await _machine.StartAppAsync(
            app => app.MapGet(
                "/seen", (HttpContext http) => http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString())));
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = callee, AppToken = "for the application" }, "");
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller") { ApiToken = "for the sidecar" }, ""));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/seen?x=1");
        foreach (var (name, value) in new[] { ("dapr-app-id", "callee"), ("dapr-api-token", "for the sidecar"), ("x-mine", "7") })
            request.Headers.Add(name, value);
        using var response = await http.SendAsync(request, Machine.Cancel);
        var seen = (await response.Content.ReadFromJsonAsync<Dictionary<string, string>>(Machine.Cancel))!;
        Assert.Equal(
            ("caller", "callee", "for the application", "7"),
            (seen["dapr-caller-app-id"], seen["dapr-callee-app-id"], seen["dapr-api-token"], seen["x-mine"]));
        // A daprd that does not trace sends zeros.
        Assert.Matches(Executables.AreReal ? "^00-0{32}-0{16}-00$" : "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", seen["traceparent"]);
        Assert.DoesNotContain("dapr-app-id", seen.Keys);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Headers_in_UTF_8_pass_both_ways(bool overGrpc)
    {
        const string Name = "Jürgen 日本", File = "attachment; filename=\"Übersicht.pdf\"";
        var callee = await _machine.StartAppAsync(
            app => app.MapGet("/file", (HttpContext http) =>
            {
                http.Response.Headers["x-seen"] = http.Request.Headers["x-name"];
                http.Response.Headers.ContentDisposition = File;
                http.Response.Headers["x-file"] = File;
            }),
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8));
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = callee }, "");
        var caller = await _machine.StartAsync(new SidecarOptions("caller"), "");
        using var connections = new SocketsHttpHandler
        {
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        };
        if (overGrpc)
        {
            using var channel = GrpcChannel.ForAddress(
                $"http://127.0.0.1:{caller.GrpcPort}", new GrpcChannelOptions { HttpHandler = connections });
            var message = new InvokeRequest { Method = "file", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } };
            using var call = new Wire(channel).InvokeServiceAsync(
                new InvokeServiceRequest { Id = "callee", Message = message },
                new Metadata { { "x-name", Name } },
                cancellationToken: Machine.Cancel);
            await call.ResponseAsync;
            var headers = await call.ResponseHeadersAsync;
            // .NET's gRPC client shows no headers that HTTP counts to the content.
            Assert.Equal((Name, File), (headers.GetValue("x-seen"), headers.GetValue("x-file")));
        }
        else
        {
            using var http = new HttpClient(connections) { BaseAddress = new Uri($"http://127.0.0.1:{caller.HttpPort}") };
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/file");
            request.Headers.Add("x-name", Name);
            using var response = await http.SendAsync(request, Machine.Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(Name, response.Headers.GetValues("x-seen").Single());
            Assert.Equal(File, response.Content.Headers.GetValues("content-disposition").Single());
        }
    }

    [Fact, EmbeddedOnly("daprd puts the caller's name before the one that the caller claims, and passes both on")]
    public async Task Nobody_calls_in_the_name_of_another()
    {
        var callee = await _machine.StartAppAsync(
            app => app.MapGet("/seen", (HttpContext http) => http.Request.Headers["dapr-caller-app-id"].ToString()));
        using var http = await CallerAsync(callee);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/seen");
        request.Headers.Add("dapr-caller-app-id", "somebody-else");
        using var response = await http.SendAsync(request, Machine.Cancel);
        Assert.Equal("caller", await response.Content.ReadAsStringAsync(Machine.Cancel));
    }

    [Theory, InlineData("/base"), InlineData("/base/")]
    public async Task Endpoints_outside_are_invoked_by_name_and_by_address(string @base)
    {
        Assert.SkipWhen(Executables.AreReal && @base.EndsWith('/'), "daprd puts a second slash behind the first");
        static string Describe(HttpRequest request) =>
            $"{request.Path}{request.QueryString} {request.Headers["x-key"]} {request.Headers["dapr-caller-app-id"]}";
        var outside = await _machine.StartAppAsync(app => app.MapFallback((HttpContext http) => Describe(http.Request)));
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), $"""
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata:
              name: outside
            spec:
              baseUrl: http://127.0.0.1:{outside}{@base}
              headers:
              - name: x-key
                value: secret
            """));
        Assert.Equal("/base/a?b=1 secret ", (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/outside/method/a?b=1")).Body);
        Assert.Equal("/a/b  ", (await Machine.AskAsync(http, HttpMethod.Get, $"/v1.0/invoke/http://127.0.0.1:{outside}/method/a/b")).Body);
    }

    [Theory, EmbeddedOnly("daprd knows a caller by its certificate, from sentry; without, it refuses all")]
    [InlineData("GET", "/open/a", 200)]
    [InlineData("POST", "/open/a", 403)]
    [InlineData("GET", "/closed/a", 403)]
    [InlineData("GET", "/open/../closed/a", 403)]
    [InlineData("GET", "/open/%2e%2e/closed/a", 403)]
    [InlineData("GET", "/open/%2e%2e%2fclosed/a", 403)]
    [InlineData("GET", "/CLOSED/a", 403)]
    public async Task Access_control_decides_by_caller_operation_and_verb(string verb, string path, int status)
    {
        var callee = await _machine.StartAppAsync(app => app.MapFallback(() => "done"));
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = callee }, "", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: {name: config}
            spec:
              accessControl:
                defaultAction: deny
                policies:
                - appId: caller
                  trustDomain: public
                  namespace: default
                  defaultAction: deny
                  operations:
                  - {name: /open/*, httpVerb: [GET], action: allow}
            """);
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), ""));
        using var request = new HttpRequestMessage(
            new HttpMethod(verb),
            new Uri(
                $"{http.BaseAddress}v1.0/invoke/callee/method{path}",
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        using var response = await http.SendAsync(request, Machine.Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 403)
            Assert.Contains(
                "access control policy has denied access to id: spiffe://public/ns/default/caller",
                await response.Content.ReadAsStringAsync(Machine.Cancel));
        using var stranger = Machine.Http(await _machine.StartAsync(new SidecarOptions("stranger"), ""));
        Assert.Equal(403, (await Machine.AskAsync(stranger, HttpMethod.Get, "/v1.0/invoke/callee/method/open/a")).Status);
    }

    [Fact]
    public async Task No_more_requests_than_the_limit_are_in_the_application()
    {
        var (inside, most) = (0, 0);
        using var gate = new SemaphoreSlim(0);
        var callee = await _machine.StartAppAsync(app => app.MapGet("/work", async () =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref inside));
            await gate.WaitAsync();
            Interlocked.Decrement(ref inside);
        }));
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = callee, MaxConcurrency = 2 }, "");
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), ""));
        var calls = Enumerable.Range(0, 6).Select(_ => Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/callee/method/work")).ToList();
        gate.Release(6);
        await Task.WhenAll(calls);
        Assert.InRange(most, 1, 2);
    }

    [Fact]
    public async Task An_application_that_says_it_is_ill_gets_no_calls()
    {
        var ill = false;
        var callee = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/healthz", () => ill ? Results.StatusCode(503) : Results.Ok());
            app.MapGet("/work", () => "done");
        });
        await _machine.StartAsync(
            new SidecarOptions("callee")
            {
                AppPort = callee,
                AppHealthCheck = new AppHealthCheck
                {
                    Interval = TimeSpan.FromMilliseconds(50),
                    Timeout = TimeSpan.FromSeconds(5),
                    Threshold = 2,
                },
            },
            "");
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), ""));
        Assert.Equal(200, (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/callee/method/work")).Status);
        ill = true;
        Assert.Contains("app is not in a healthy state", (await UntilAsync(http, 500)).Body);
        ill = false;
        Assert.Equal("done", (await UntilAsync(http, 200)).Body);
    }

    private static async Task<(int Status, string Body)> UntilAsync(HttpClient http, int status)
    {
        while (true)
        {
            var answer = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/callee/method/work");
            if (answer.Status == status)
                return answer;
            await Task.Delay(20, Machine.Cancel);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most)
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private async Task<HttpClient> CallerAsync(int calleePort)
    {
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = calleePort }, "");
        return Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), ""));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, byte[] body)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, "/v1.0/invoke/callee/method/hash")
        { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        // A refusal then comes before the body is sent.
        request.Headers.ExpectContinue = true;
        return await http.SendAsync(request, Machine.Cancel);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
