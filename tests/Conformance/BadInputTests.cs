using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Samples.Conformance.Daprd;
using Xunit;

namespace Samples.Conformance;

/// <summary>
/// Whatever comes, every endpoint answers with a status and an error code, and the sidecars beside it go on. The endpoints are those
/// of the API, each with a body and a path that a client would send.
/// </summary>
public sealed class BadInputTests(BadInputMachine machine) : IClassFixture<BadInputMachine>
{
    private static readonly string[] Endpoints =
    [
        "POST /v1.0/state/state", "POST /v1.0/state/state/bulk", "POST /v1.0/state/state/transaction", "POST /v1.0/state/state/query",
        "POST /v1.0/publish/pubsub/topic", "POST /v1.0/publish/bulk/pubsub/topic", "POST /v1.0-alpha1/publish/bulk/pubsub/topic",
        "POST /v1.0/bindings/files",
        "POST /v1.0-alpha1/lock/lock", "POST /v1.0-alpha1/unlock/lock", "POST /v1.0/actors/T/1/method/m", "POST /v1.0/actors/T/1/state",
        "POST /v1.0/actors/T/1/timers/t",
        "POST /v1.0/actors/T/1/reminders/r", "POST /v1.0-alpha1/jobs/j", "POST /v1.0/jobs/j", "PUT /v1.0/metadata/k",
        "POST /v1.0/invoke/app1/method/work",
        "POST /v1.0/invoke//method/", "GET /v1.0/configuration/nosuch", "GET /v1.0/secrets/nosuch/x", "POST /v1.0/workflows/dapr/x/start",
        "POST /v1.0-alpha1/conversation/x/converse",
        "PUT /v1.0-alpha1/crypto/x/encrypt", "DELETE /v1.0/state/state/%01", "GET /v1.0/state/state/..%2f..%2fetc",
        "GET /v1.0/state/%2e%2e/x", "GET /v1.0/../../etc/passwd", "POST /nothing",
    ];

    private static readonly string[] FailsInDaprd =
    [
        "POST /v1.0/actors/T/1/timers/t", "POST /v1.0/actors/T/1/reminders/r", "POST /v1.0/workflows/dapr/x/start"
    ];

    private static readonly byte[][] Bodies =
    [
        "{"u8.ToArray(), "[1,"u8.ToArray(), "null"u8.ToArray(), "[null]"u8.ToArray(), "{\"operations\":[null]}"u8.ToArray(),
        "{\"operations\":[{\"operation\":\"upsert\"}]}"u8.ToArray(), "{\"keys\":[null]}"u8.ToArray(),
        "\"text\""u8.ToArray(), "123"u8.ToArray(), [0xff, 0xfe, 0x00], [], Encoding.UTF8.GetBytes(new string('[', 10_000)),
        Encoding.UTF8.GetBytes("{\"operation\":" + new string('9', 400) + "}"),
    ];

    public static TheoryData<string> Named => [.. Endpoints];

    [Theory, MemberData(nameof(Named))]
    public async Task An_endpoint_answers_every_body_with_a_code(string endpoint)
    {
        Assert.SkipWhen(Executables.AreReal && FailsInDaprd.Contains(endpoint), "daprd breaks the connection, or never answers");
        var (sidecar, other) = (machine.Sidecar, machine.Other);
        using var http = Machine.Http(sidecar);
        foreach (var body in Bodies)
        {
            using var request = Request(http, endpoint);
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("content-type", "application/json");
            await AssertCodedAsync(
                await http.SendAsync(request, Machine.Cancel), $"{endpoint} {Encoding.UTF8.GetString(body[..Math.Min(body.Length, 30)])}");
        }

        await AssertGoesOnAsync(sidecar, other);
    }

    [Theory,
        MemberData(nameof(Named)),
        EmbeddedOnly("daprd refuses what is too large in several ways, and breaks the connection at some of them")]
    public async Task An_endpoint_refuses_what_is_too_large_and_outlives_who_hangs_up(string endpoint)
    {
        var (sidecar, other) = (machine.Sidecar, machine.Other);
        using var http = Machine.Http(sidecar);
        if (!endpoint.StartsWith("GET", StringComparison.Ordinal) && !endpoint.StartsWith("DELETE", StringComparison.Ordinal))
        {
            using var large = Request(http, endpoint);
            large.Content = new ByteArrayContent(new byte[5 << 20]);
            large.Headers.ExpectContinue = true;
            using var refused = await http.SendAsync(large, Machine.Cancel);
            Assert.True(refused.StatusCode is HttpStatusCode.RequestEntityTooLarge, $"{endpoint}: {refused.StatusCode}");
        }

        using var headed = Request(http, endpoint);
        headed.Headers.TryAddWithoutValidation("x-huge", new string('x', 100_000));
        using var tooLong = await http.SendAsync(headed, Machine.Cancel);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, tooLong.StatusCode);
        var parts = endpoint.Split(' ');
        // Half a body, and gone; a body that ends in the middle of a chunk; something that is not HTTP.
        string[] texts =
        [
            $"{parts[0]} {parts[1]} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{\"a\"",
            $"{parts[0]} {parts[1]} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{{\"a",
            "\u0016\u0003\u0001garbage\r\n\r\n",
        ];
        foreach (var text in texts)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, sidecar.HttpPort, Machine.Cancel);
            await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), Machine.Cancel);
        }

        await AssertGoesOnAsync(sidecar, other);
    }

    [Fact, EmbeddedOnly("daprd takes methods that it does not have for another application's")]
    public async Task Every_grpc_method_answers_garbage_with_a_status()
    {
        var (sidecar, other) = (machine.Sidecar, machine.Other);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        var methods = DaprReflection.Descriptor.Services.Single(s => s.Name == "Dapr").Methods;
        foreach (var method in methods.Where(m => !m.IsClientStreaming && !m.IsServerStreaming && m.Name != "Shutdown"))
        {
            foreach (var body in (byte[][])[[], [0xff, 0xff, 0xff], [0x0a, 0x7f], [0x12, 0x02, 0xff, 0xfe]])
            {
                var garbage = new Method<byte[], byte[]>(
                    MethodType.Unary, "dapr.proto.runtime.v1.Dapr", method.Name, Marshallers.Create<byte[]>(b => b, b => b),
                    Marshallers.Create<byte[]>(b => b, b => b));
                try
                {
                    await channel.CreateCallInvoker().AsyncUnaryCall(
                        garbage, null, new CallOptions(cancellationToken: Machine.Cancel), body);
                }
                catch (RpcException error)
                {
                    // Unknown is how the server says that a handler threw what nobody thought of.
                    Assert.False(error.StatusCode == StatusCode.Unknown, $"{method.Name}: {error.Status.Detail}");
                }
            }
        }

        await AssertGoesOnAsync(sidecar, other);
    }

    private static HttpRequestMessage Request(HttpClient http, string endpoint)
    {
        var parts = endpoint.Split(' ');
        return new HttpRequestMessage(
            new HttpMethod(parts[0]),
            new Uri(
                $"http://127.0.0.1:{http.BaseAddress!.Port}{parts[1]}",
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
    }

    private static async Task AssertCodedAsync(HttpResponseMessage response, string what)
    {
        using (response)
        {
            if ((int)response.StatusCode < 400)
                return;
            var body = await response.Content.ReadAsStringAsync(Machine.Cancel);
            Assert.True(
                body.StartsWith('{')
                    && JsonDocument.Parse(body).RootElement.TryGetProperty("errorCode", out var code)
                    && code.GetString() != "ERR_INTERNAL",
                $"{what}: {(int)response.StatusCode} {body}");
            Assert.DoesNotContain("   at ", body);
            Assert.DoesNotContain("Samples.Runtime", body);
        }
    }

    private static async Task AssertGoesOnAsync(params ITestedSidecar[] sidecars)
    {
        foreach (var sidecar in sidecars)
        {
            using var http = Machine.Http(sidecar);
            Assert.Equal(
                204, (await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/state/state", new[] { new { key = "k", value = 1 } })).Status);
            Assert.Equal("1", (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/state/k")).Body);
        }
    }
}

/// <summary>A sidecar with one component of each kind, and another beside it.</summary>
public sealed class BadInputMachine : IAsyncLifetime
{
    private readonly Machine _machine = new();

    internal ITestedSidecar Sidecar { get; private set; } = null!;

    internal ITestedSidecar Other { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "files"));
        var components = Machine.Component("state", "state.in-memory", ("actorStateStore", "true"))
            + Machine.Component("pubsub", "pubsub.in-memory")
            + Machine.Component("files", "bindings.localstorage", ("rootPath", "files"))
                + Machine.Component("lock", "lock.sqlite", ("connectionString", "lock.db"));
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/config", () => new { entities = new[] { "T" } });
            app.MapFallback(() => "{}");
        });
        (Sidecar, Other) = (await _machine.StartAsync(components, port), await _machine.StartAsync(components, appId: "app2"));
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
