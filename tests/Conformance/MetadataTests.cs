using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;
using Verb = Dapr.Client.Autogen.Grpc.v1.HTTPExtension.Types.Verb;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Conformance;

/// <summary>Metadata, shutdown and invocation over gRPC.</summary>
public sealed class MetadataTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task Slashes_too_many_in_a_path_do_no_harm()
    {
        await using var machine = new Machine();
        using var http = Machine.Http(await machine.StartAsync(""));
        Assert.Equal(200, (await Machine.AskAsync(http, HttpMethod.Get, http.BaseAddress + "/v1.0//metadata")).Status);
    }

    [Fact]
    public async Task Http_and_grpc_tell_the_same()
    {
        var port = await _machine.StartAppAsync(_ => { });
        var sidecar = await _machine.StartAsync(
            Machine.Component("state", "state.in-memory") + Machine.Component("tick", "bindings.cron", ("schedule", "@daily")), port);
        using var dapr = Machine.Client(sidecar);
        await dapr.SetMetadataAsync("colour", "blue", Machine.Cancel);
        var metadata = await dapr.GetMetadataAsync(Machine.Cancel);
        Assert.Equal(("app1", "blue"), (metadata.Id, metadata.Extended["colour"]));
        Assert.Equal([("state", "state.in-memory"), ("tick", "bindings.cron")], metadata.Components.Select(c => (c.Name, c.Type)));
        Assert.Equal(["INPUT_BINDING"], metadata.Components[1].Capabilities);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        var message = await new Wire(channel).GetMetadataAsync(new GetMetadataRequest(), cancellationToken: Machine.Cancel);
        Assert.Equal((port, "127.0.0.1"), (message.AppConnectionProperties.Port, message.AppConnectionProperties.ChannelAddress));
        using var http = Machine.Http(sidecar);
        Assert.Contains("\"colour\":\"blue\"", (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/metadata")).Body);
    }

    [Fact(Timeout = 10_000)]
    public async Task Shutdown_is_asked_for_over_grpc()
    {
        var sidecar = await _machine.StartAsync("");
        using var dapr = Machine.Client(sidecar);
        Assert.False(sidecar.ShutdownRequested.IsCompleted);
        await dapr.ShutdownSidecarAsync(Machine.Cancel);
        await sidecar.ShutdownRequested.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_http_application_is_invoked_as_recorded()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{(await StartAsync()).GrpcPort}");
        var call = new Wire(channel).InvokeServiceAsync(Request("app1", "echo/x", Verb.Post, "q=1", "\"hi\""),
            new Metadata { { "x-mine", "7" } }, cancellationToken: Machine.Cancel);
        var answer = await call;
        Assert.Equal("POST /echo/x?q=1 application/json 7 \"hi\"", Encoding.UTF8.GetString(answer.Data.Value.Span));
        Assert.StartsWith("text/plain", answer.ContentType);
        Assert.Equal("200", (await call.ResponseHeadersAsync).GetValue("dapr-http-status"));
    }

    [Theory]
    [InlineData("app1", "missing", Verb.Get, StatusCode.NotFound, "Not Found")]
    [InlineData("app1", "boom", Verb.Get, StatusCode.Unknown, "Internal Server Error")]
    [InlineData("nosuch", "x", Verb.Get, StatusCode.Internal, "failed to invoke, id: nosuch, err: no host found with the given ID")]
    [InlineData(
            "app1", "echo/x", Verb.None, StatusCode.Internal,
            "failed to invoke, id: app1, err: rpc error: code = InvalidArgument desc = missing HTTP extension field")]
    public async Task Failures_have_the_recorded_status(string app, string method, Verb verb, StatusCode status, string detail)
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{(await StartAsync()).GrpcPort}");
        var error = await Assert.ThrowsAsync<RpcException>(
            () => new Wire(channel).InvokeServiceAsync(Request(app, method, verb), cancellationToken: Machine.Cancel).ResponseAsync);
        Assert.Equal((status, detail), (error.StatusCode, error.Status.Detail));
    }

    private static InvokeServiceRequest Request(string app, string method, Verb verb, string query = "", string body = "") => new()
    {
        Id = app,
        Message = new InvokeRequest
        {
            Method = method,
            Data = new Any { Value = ByteString.CopyFromUtf8(body) },
            ContentType = "application/json",
            HttpExtension = verb == Verb.None ? null : new HTTPExtension { Verb = verb, Querystring = query },
        },
    };

    private async Task<ITestedSidecar> StartAsync() => await _machine.StartAsync("", await _machine.StartAppAsync(app =>
    {
        app.Map("/boom", () => Results.StatusCode(500));
        app.MapPost("/echo/x", async (HttpContext http) =>
        {
            using var body = new StreamReader(http.Request.Body);
            var (asked, mine) = (http.Request, http.Request.Headers["x-mine"]);
            return $"{asked.Method} {asked.Path}{asked.QueryString} {asked.ContentType} {mine} {await body.ReadToEndAsync()}";
        });
    }));

    [Fact(Timeout = 30_000), EmbeddedOnly("daprd serves its metrics on a port of their own, which the suite does not open")]
    public async Task What_passes_is_counted_under_daprds_names()
    {
        var cancel = TestContext.Current.CancellationToken;
        var delivered = new TaskCompletionSource();
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/subscribe", () => new[] { new { pubsubname = "pubsub", topic = "t", route = "/t" } });
            app.MapPost("/t", () => delivered.TrySetResult());
        });
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "files"));
        var sidecar = await _machine.StartAsync(
            Machine.Component("state", "state.in-memory") + Machine.Component("pubsub", "pubsub.in-memory")
                + Machine.Component("files", "bindings.localstorage", ("rootPath", "files")),
            port);
        using var http = Machine.Http(sidecar);
        using var dapr = Machine.Client(sidecar);
        await dapr.SaveStateAsync("state", "k", 1, cancellationToken: cancel);
        await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/state/k");
        await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/nosuch/k");
        await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/healthz");
        await Machine.AskAsync(
            http, HttpMethod.Post, "/v1.0/bindings/files", new { operation = "get", metadata = new { fileName = "no\"ne" } });
        await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/publish/pubsub/t", 1);
        await delivered.Task.WaitAsync(cancel);
        string[] expected =
        [
            """dapr_http_server_request_count{app_id="app1",method="GET",status="200"} 1""",
            """dapr_http_server_request_count{app_id="app1",method="GET",status="400"} 1""",
            """dapr_http_server_latency_count{app_id="app1",method="POST",status="204"} 1""",
            """dapr_http_server_latency_bucket{app_id="app1",method="POST",status="204",le="+Inf"} 1""",
            """dapr_grpc_io_server_completed_rpcs{app_id="app1",grpc_server_method="/dapr.proto.runtime.v1.Dapr/SaveState","""
                + """grpc_server_status="OK"} 1""",
            """dapr_component_state_count{app_id="app1",namespace="default",component="state",operation="get",success="true"} 1""",
            """dapr_component_state_count{app_id="app1",namespace="default",component="state",operation="set",success="true"} 1""",
            """dapr_component_pubsub_egress_count{app_id="app1",namespace="default",component="pubsub",topic="t",success="true"} 1""",
            """dapr_component_output_binding_count{app_id="app1",namespace="default",component="files","""
                + """operation="get",success="false"} 1""",
            """dapr_component_pubsub_ingress_count{app_id="app1",namespace="default",component="pubsub","""
                + """topic="t",process_status="success"} 1""",
        ];
        // A request is counted when it is over, which may be a moment after its answer was read.
        string[] lines;
        do
            lines = (await Machine.AskAsync(http, HttpMethod.Get, "/metrics")).Body.Split('\n');
        while (!expected.All(lines.Contains) && !cancel.IsCancellationRequested);
        Assert.Superset(expected.ToHashSet(), lines.ToHashSet());
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
