using System.Text;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Samples.Runtime;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Conformance;

/// <summary>Applications that speak gRPC: invoked over HTTP and gRPC, and called transparently with their own services.</summary>
public sealed class GrpcAppTests : IAsyncDisposable
{
    private static readonly Method<StringValue, StringValue> Chat = new(MethodType.DuplexStreaming, "samples.Chat", "Talk",
        Marshallers.Create<StringValue>(m => m.ToByteArray(), StringValue.Parser.ParseFrom),
        Marshallers.Create<StringValue>(m => m.ToByteArray(), StringValue.Parser.ParseFrom));

    private static readonly Method<StringValue, StringValue> Ask = new(
        MethodType.Unary, Chat.ServiceName, Chat.Name, Chat.RequestMarshaller, Chat.ResponseMarshaller);

    private readonly Machine _machine = new();
    private (StatusCode Status, int Times) _refuse;
    private TaskCompletionSource _end = new();
    private int _talks;

    public GrpcAppTests() => _end.SetResult();

    [Fact]
    public async Task A_method_is_invoked_over_http_and_over_grpc()
    {
        var caller = await StartAsync();
        using var http = Machine.Http(caller);
        Assert.Equal(
            (200, "POST echo q=1 caller \"hi\""),
            await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/invoke/callee/method/echo?q=1", "hi"));
        var refused = await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/invoke/callee/method/missing", "hi");
        // Daprd's own spaces between the members differ from build to build.
        Assert.Equal(
            (404, """{"code":5,"message":"no such thing"}"""),
            (refused.Status, refused.Body.Replace(", ", ",", StringComparison.Ordinal)));
        using var channel = Channel(caller);
        var request = new InvokeServiceRequest
        {
            Id = "callee",
            Message = new InvokeRequest { Method = "echo", Data = new Any { Value = ByteString.CopyFromUtf8("hi") } },
        };
        var answer = await new Wire(channel).InvokeServiceAsync(request, cancellationToken: Machine.Cancel);
        Assert.Equal("None echo  caller hi", answer.Data.Value.ToStringUtf8());
        request.Message.Method = "missing";
        var error = await Assert.ThrowsAsync<RpcException>(
            () => new Wire(channel).InvokeServiceAsync(request, cancellationToken: Machine.Cancel).ResponseAsync);
        Assert.Equal((StatusCode.NotFound, "no such thing"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task A_stream_of_another_service_passes_both_ways_with_headers_and_trailers()
    {
        using var channel = Channel(await StartAsync());
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            Chat, null,
            new CallOptions(new Metadata { { "dapr-app-id", "callee" }, { "x-mine", "7" } }, cancellationToken: Machine.Cancel));
        foreach (var word in (string[])["one", "two"])
        {
            await call.RequestStream.WriteAsync(new StringValue { Value = word }, Machine.Cancel);
            Assert.True(await call.ResponseStream.MoveNext(Machine.Cancel));
            Assert.StartsWith($"{word} 7 caller 00-", call.ResponseStream.Current.Value);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Machine.Cancel));
        Assert.Equal("kept", call.GetTrailers().GetValue("x-end"));
    }

    [Fact, EmbeddedOnly("daprd tries all the same, and passes on what the transport says")]
    public async Task A_call_of_an_unknown_application_or_of_an_http_one_fails_with_its_reason()
    {
        var sidecar = await StartAsync();
        await _machine.StartAsync(new SidecarOptions("plain") { AppPort = await _machine.StartAppAsync(_ => { }) }, "");
        using var channel = Channel(sidecar);
        foreach (var (app, reason) in new[] { ("nosuch", "no host found"), ("plain", "does not speak gRPC") })
        {
            using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
                Chat, null, new CallOptions(new Metadata { { "dapr-app-id", app } }, cancellationToken: Machine.Cancel));
            var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Machine.Cancel));
            Assert.Contains(reason, error.Status.Detail);
        }
    }

    [Theory,
        InlineData(StatusCode.Unavailable, true, 3),
        InlineData(StatusCode.Unavailable, false, 3),
        InlineData(StatusCode.NotFound, false, 1)]
    public async Task A_call_of_another_service_is_tried_again_for_the_statuses_of_the_policy(StatusCode status, bool succeeds, int tries)
    {
        _refuse = (status, succeeds ? 2 : 9);
        using var channel = Channel(await StartAsync("""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: policies}
            spec:
              policies:
                retries:
                  r: {policy: constant, duration: 1ms, maxRetries: 2, matching: {gRPCStatusCodes: "14"}}
              targets:
                apps:
                  callee: {retry: r}
            """));
        var call = channel.CreateCallInvoker().AsyncUnaryCall(
            Ask, null, new CallOptions(new Metadata { { "dapr-app-id", "callee" } }, cancellationToken: Machine.Cancel),
            new StringValue { Value = "hi" });
        if (succeeds)
            Assert.StartsWith("hi ", (await call).Value);
        else
            Assert.Equal(
                (status, "not now"),
                await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync) is { } error
                    ? (error.StatusCode, error.Status.Detail)
                    : default);
        Assert.Equal(tries, _talks);
    }

    [Fact]
    public async Task A_call_of_another_service_that_takes_too_long_is_given_up_unless_it_is_a_stream()
    {
        _end = new TaskCompletionSource();
        using var channel = Channel(await StartAsync("""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: policies}
            spec:
              policies:
                timeouts: {short: 200ms}
              targets:
                apps:
                  callee: {timeout: short}
            """));
        AsyncUnaryCall<StringValue> Call(params (string, string)[] more)
        {
            var headers = new Metadata { { "dapr-app-id", "callee" } };
            foreach (var (name, value) in more)
                headers.Add(name, value);
            return channel.CreateCallInvoker().AsyncUnaryCall(
                Ask, null, new CallOptions(headers, cancellationToken: Machine.Cancel), new StringValue { Value = "hi" });
        }

        var stream = Call(("dapr-stream", "true"));
        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => Call().ResponseAsync)).StatusCode);
        _end.SetResult();
        Assert.StartsWith("hi ", (await stream).Value);
    }

    private static GrpcChannel Channel(ITestedSidecar sidecar) => GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");

    private async Task<ITestedSidecar> StartAsync(string resources = "")
    {
        var port = await _machine.StartAppAsync(
            app =>
            {
                app.MapGrpcService<Callbacks>();
                app.MapPost("/samples.Chat/Talk", TalkAsync);
            },
            builder =>
            {
                builder.Services.AddGrpc();
                builder.WebHost.ConfigureKestrel(
                    kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
            });
        await _machine.StartAsync(new SidecarOptions("callee") { AppPort = port, AppProtocol = "grpc" }, "");
        return await _machine.StartAsync(new SidecarOptions("caller"), resources);
    }

    // The frames of gRPC by hand: a service that the sidecar cannot know.
    private async Task TalkAsync(Microsoft.AspNetCore.Http.HttpContext http)
    {
        http.Response.ContentType = "application/grpc";
        if (Interlocked.Increment(ref _talks) <= _refuse.Times)
        {
            http.Response.Headers["grpc-status"] = ((int)_refuse.Status).ToString();
            http.Response.Headers["grpc-message"] = "not now";
            return;
        }

        await _end.Task;
        Microsoft.AspNetCore.Http.ResponseTrailerExtensions.DeclareTrailer(http.Response, "grpc-status");
        var header = new byte[5];
        while (await http.Request.Body.ReadAtLeastAsync(header, 5, throwOnEndOfStream: false) == 5)
        {
            var message = new byte[header[4]];
            await http.Request.Body.ReadExactlyAsync(message);
            var word = StringValue.Parser.ParseFrom(message).Value;
            var headers = http.Request.Headers;
            var said = $"{word} {headers["x-mine"]} {headers["dapr-caller-app-id"]} {headers["traceparent"]}";
            var answer = new StringValue { Value = said }.ToByteArray();
            await http.Response.Body.WriteAsync((byte[])[0, 0, 0, 0, (byte)answer.Length, .. answer]);
            await http.Response.Body.FlushAsync();
        }

        Microsoft.AspNetCore.Http.ResponseTrailerExtensions.AppendTrailer(http.Response, "grpc-status", "0");
        Microsoft.AspNetCore.Http.ResponseTrailerExtensions.AppendTrailer(http.Response, "x-end", "kept");
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    private sealed class Callbacks : AppCallback.AppCallbackBase
    {
        public override Task<InvokeResponse> OnInvoke(InvokeRequest request, ServerCallContext context) => request.Method == "missing"
            ? throw new RpcException(new Grpc.Core.Status(StatusCode.NotFound, "no such thing"))
            : Task.FromResult(new InvokeResponse
            {
                ContentType = "text/plain",
                Data = new Any { Value = ByteString.CopyFromUtf8(Describe(request, context)) },
            });

        private static string Describe(InvokeRequest request, ServerCallContext context)
        {
            var caller = context.RequestHeaders.GetValue("dapr-caller-app-id");
            var body = request.Data.Value.ToString(Encoding.UTF8);
            return $"{Verb(request)} {request.Method} {request.HttpExtension?.Querystring} {caller} {body}";
        }

        private static string Verb(InvokeRequest request) =>
            request.HttpExtension is null ? "None" : request.HttpExtension.Verb.ToString().ToUpperInvariant();
    }
}
