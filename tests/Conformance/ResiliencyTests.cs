using System.Net;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>A Resiliency resource governs invocation.</summary>
public sealed class ResiliencyTests : IAsyncDisposable
{
    private const string Resource = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata:
          name: policies
        spec:
          policies:
            timeouts:
              short: 200ms
            retries:
              three: {policy: constant, duration: 1ms, maxRetries: 3}
              only503: {policy: constant, duration: 1ms, maxRetries: 3, matching: {httpStatusCodes: "503"}}
            circuitBreakers:
              two: {trip: "consecutiveFailures >= 2", timeout: 1h}
          targets:
            apps:
              retried: {retry: three}
              picky: {retry: only503}
              slow: {timeout: short}
              broken: {circuitBreaker: two}
        """;

    private readonly Machine _machine = new();
    private ITestedSidecar? _caller;
    private int _calls;

    [Fact]
    public async Task A_failure_is_tried_again_with_its_body_and_the_caller_sees_the_success()
    {
        using var http = await CallerAsync("retried", async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync();
            context.Response.StatusCode = Interlocked.Increment(ref _calls) < 3 ? 500 : 200;
            await context.Response.WriteAsync($"{text} {_calls}");
        });
        using var response = await http.PostAsync("/v1.0/invoke/retried/method/work", new StringContent("hi"), Machine.Cancel);
        Assert.Equal((HttpStatusCode.OK, "hi 3"), (response.StatusCode, await response.Content.ReadAsStringAsync(Machine.Cancel)));
    }

    [Fact]
    public async Task The_last_failure_comes_back_as_the_application_gave_it()
    {
        using var http = await CallerAsync("retried", async context =>
        {
            context.Response.StatusCode = 418;
            context.Response.Headers["x-app"] = "mine";
            await context.Response.WriteAsync($"try {Interlocked.Increment(ref _calls)}");
        });
        using var response = await http.GetAsync("/v1.0/invoke/retried/method/work", Machine.Cancel);
        Assert.Equal(
            ((HttpStatusCode)418, "mine", "try 4"),
            (response.StatusCode, response.Headers.GetValues("x-app").Single(), await response.Content.ReadAsStringAsync(Machine.Cancel)));
    }

    [Theory, InlineData(500, 1), InlineData(503, 4)]
    public async Task Only_the_statuses_of_the_policy_are_tried_again(int status, int calls)
    {
        using var http = await CallerAsync("picky", context =>
        {
            Interlocked.Increment(ref _calls);
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        Assert.Equal(status, (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/picky/method/work")).Status);
        Assert.Equal(calls, _calls);
    }

    [Fact]
    public async Task A_body_that_is_still_being_made_is_sent_once()
    {
        using var http = await CallerAsync("retried", async context =>
        {
            Interlocked.Increment(ref _calls);
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 500;
        });
        using var request = new HttpRequestMessage(
            HttpMethod.Post, "/v1.0/invoke/retried/method/work")
        { Content = new StringContent("x", Encoding.UTF8) };
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(HttpStatusCode.InternalServerError, (await http.SendAsync(request, Machine.Cancel)).StatusCode);
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task What_takes_too_long_is_given_up()
    {
        var end = new TaskCompletionSource();
        using var http = await CallerAsync("slow", _ => end.Task);
        var (status, body) = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/slow/method/work");
        end.SetResult();
        Assert.Equal(
            (500, """{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: slow, err: context deadline exceeded"}"""),
            (status, body));
    }

    [Fact]
    public async Task What_keeps_failing_is_left_alone()
    {
        using var http = await CallerAsync("broken", context =>
        {
            Interlocked.Increment(ref _calls);
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        for (var i = 0; i < 2; i++)
            Assert.Equal((500, ""), await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/broken/method/work"));
        Assert.Contains("circuit breaker is open", (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/broken/method/work")).Body);
        Assert.Equal(2, _calls);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_event_is_tried_again_before_it_becomes_a_dead_letter()
    {
        var dead = new TaskCompletionSource<string>();
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/subscribe", () => new[]
            {
                new { pubsubname = "pubsub", topic = "work", route = "/work", deadLetterTopic = (string?)"dead" },
                new { pubsubname = "pubsub", topic = "dead", route = "/dead", deadLetterTopic = (string?)null },
            });
            app.MapPost("/work", () => Results.StatusCode(Interlocked.Increment(ref _calls) > 0 ? 500 : 200));
            app.MapPost("/dead", () => dead.TrySetResult("dead"));
        });
        var pubsub = Machine.Component("pubsub", "pubsub.in-memory");
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("app") { AppPort = port }, pubsub + """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: policies}
            spec:
              policies:
                retries:
                  two: {policy: constant, duration: 1ms, maxRetries: 2}
              targets:
                components:
                  pubsub:
                    inbound: {retry: two}
            """));
        await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/publish/pubsub/work", new { id = 1 });
        await dead.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, _calls);
    }

    [Fact]
    public async Task Another_method_of_an_application_whose_one_method_is_left_alone_still_answers()
    {
        using var http = await CallerAsync("broken", context =>
        {
            context.Response.StatusCode = context.Request.Query.ContainsKey("fine") ? 200 : 500;
            return Task.CompletedTask;
        }, "/{method}");
        for (var i = 0; i < 3; i++)
            await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/broken/method/bad");
        Assert.Contains(
            "circuit breaker is open", (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/broken/method/bad?fine")).Body);
        Assert.Equal((200, ""), await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/broken/method/good?fine"));
    }

    [Theory(Timeout = 30_000), InlineData(500, 1), InlineData(503, 3)]
    public async Task An_event_is_tried_again_for_the_statuses_of_the_policy_only(int status, int tries)
    {
        var cancel = TestContext.Current.CancellationToken;
        var dead = new TaskCompletionSource();
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/subscribe", () => new[]
            {
                new { pubsubname = "pubsub", topic = "work", route = "/work", deadLetterTopic = (string?)"dead" },
                new { pubsubname = "pubsub", topic = "dead", route = "/dead", deadLetterTopic = (string?)null },
            });
            app.MapPost("/work", () => Results.StatusCode(Interlocked.Increment(ref _calls) > 0 ? status : 200));
            app.MapPost("/dead", () => dead.TrySetResult());
        });
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("app") { AppPort = port },
            Machine.Component("pubsub", "pubsub.in-memory")
                                        + Components(
                "pubsub", "inbound", "{policy: constant, duration: 1ms, maxRetries: 2, matching: {httpStatusCodes: 501-503}}")));
        await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/publish/pubsub/work", new { id = 1 });
        await dead.Task.WaitAsync(cancel);
        Assert.Equal(tries, _calls);
    }

    [Fact]
    public async Task An_output_binding_is_tried_again()
    {
        var port = await _machine.StartAppAsync(
            app => app.MapPost("/", () => Interlocked.Increment(ref _calls) < 3 ? Results.StatusCode(500) : Results.Text("done")));
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("app"),
            Machine.Component("web", "bindings.http", ("url", $"http://127.0.0.1:{port}"))
                + Components("web", "outbound", "{policy: constant, duration: 1ms, maxRetries: 2}")));
        Assert.Equal((200, "done"), await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/bindings/web", new { operation = "post" }));
        Assert.Equal(3, _calls);
    }

    [Fact]
    public async Task An_invocation_over_grpc_is_tried_again()
    {
        using var http = await CallerAsync("retried", context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref _calls) < 3 ? 500 : 200;
            return Task.CompletedTask;
        });
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{_caller!.GrpcPort}");
        var request = new InvokeServiceRequest
        {
            Id = "retried",
            Message = new InvokeRequest { Method = "work", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post } },
        };
        await new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(channel).InvokeServiceAsync(request, cancellationToken: Machine.Cancel);
        Assert.Equal(3, _calls);
    }

    private static string Components(string name, string direction, string retry) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: {name: policies}
        spec:
          policies:
            retries:
              r: {{retry}}
          targets:
            components:
              {{name}}:
                {{direction}}: {retry: r}
        """;

    private async Task<HttpClient> CallerAsync(string app, RequestDelegate work, string path = "/work")
    {
        var port = await _machine.StartAppAsync(a => a.Map(path, work));
        await _machine.StartAsync(new SidecarOptions(app) { AppPort = port }, "");
        return Machine.Http(_caller = await _machine.StartAsync(new SidecarOptions("caller"), Resource));
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
