using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Conformance;

/// <summary>What publishing refuses, in daprd's words, over HTTP and gRPC.</summary>
public sealed class PublishTests : IAsyncDisposable
{
    private const string DuplicateIds =
        "error marshaling events to bytes for topic t pubsub pubsub. error: entryId is duplicated or not present for entry";

    private readonly Machine _machine = new();

    [Theory]
    [InlineData("v1.0/publish/nosuch/t", "1", 404, "ERR_PUBSUB_NOT_FOUND", "pubsub nosuch is not found", "DAPR_PUBSUB_NOT_FOUND")]
    [InlineData(
            "v1.0/publish/pubsub/", "1", 404, "ERR_DIRECT_INVOKE",
            "failed getting app id either from the URL path or the header dapr-app-id", null)]
    [InlineData("v1.0/publish/pubsub/t?metadata.rawPayload=maybe", "1", 400, "ERR_PUBSUB_REQUEST_METADATA",
        "failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is 'maybe'",
        "DAPR_PUBSUB_METADATA_DESERIALIZATION")]
    [InlineData(
            "v1.0/publish/scoped/secret", "1", 403, "ERR_PUBSUB_FORBIDDEN", "topic secret is not allowed for app id app1",
            "DAPR_PUBSUB_FORBIDDEN")]
    [InlineData(
            "v1.0/publish/scoped/other", "1", 403, "ERR_PUBSUB_FORBIDDEN", "topic other is not allowed for app id app1",
            "DAPR_PUBSUB_FORBIDDEN")]
    [InlineData(
            "v1.0/publish/bulk/pubsub/t", "{", 400, "ERR_PUBSUB_EVENTS_SER",
            "error when unmarshaling the request for topic t pubsub pubsub: unexpected EOF", "DAPR_PUBSUB_UNMARSHAL_EVENTS")]
    [InlineData(
            "v1.0-alpha1/publish/bulk/pubsub/t",
            """[{"entryId":"1","event":1,"contentType":"application/json"},{"entryId":"1","event":2,"contentType":"application/json"}]""",
            400, "ERR_PUBSUB_EVENTS_SER", DuplicateIds, "DAPR_PUBSUB_MARSHAL_EVENTS")]
    [InlineData(
            "v1.0/publish/bulk/pubsub/t", """[{"event":1,"contentType":"application/json"}]""", 400, "ERR_PUBSUB_EVENTS_SER", DuplicateIds,
            "DAPR_PUBSUB_MARSHAL_EVENTS")]
    [InlineData("v1.0/publish/bulk/pubsub/t", """[{"entryId":"1","event":1,"contentType":"text/plain"}]""", 400, "ERR_PUBSUB_EVENTS_SER",
        "error when marshalling cloud event envelope for topic t pubsub pubsub: error: mismatch between contentType and event",
        "DAPR_PUBSUB_MARSHAL_ENVELOPE")]
    [InlineData("v1.0/publish/bulk/pubsub/t", """[null]""", 400, "ERR_PUBSUB_EVENTS_SER",
        "error when marshalling cloud event envelope for topic t pubsub pubsub: error: mismatch between contentType and event",
        "DAPR_PUBSUB_MARSHAL_ENVELOPE")]
    public async Task A_refused_request_has_the_recorded_code(
        string path, string body, int status, string code, string message, string? reason)
    {
        using var http = Machine.Http(await StartAsync());
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/" + path, content, Machine.Cancel);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Machine.Cancel));
        Assert.Equal(
            (status, code, message),
            (
                (int)answer.StatusCode, json.RootElement.GetProperty("errorCode").GetString(),
                json.RootElement.GetProperty("message").GetString()));
        Assert.Equal(
            reason,
            json.RootElement.TryGetProperty("details", out var details)
                ? details[details.GetArrayLength() - 1].GetProperty("reason").GetString()
                : null);
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{")]
    public Task What_claims_to_be_a_cloudevent_and_is_none_is_refused(string body) => RefusedAsync(body);

    [Theory, EmbeddedOnly("daprd breaks the connection at the first, and takes half a character for a whole one in the second")]
    [InlineData("null")]
    [InlineData("""{"id":"\ud800","\ud800":1}""")]
    public Task What_breaks_other_readers_is_refused_too(string body) => RefusedAsync(body);

    private async Task RefusedAsync(string body)
    {
        using var http = Machine.Http(await StartAsync());
        using var content = new StringContent(body, Encoding.UTF8, "application/cloudevents+json");
        using var answer = await http.PostAsync("/v1.0/publish/pubsub/t", content, Machine.Cancel);
        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Contains("ERR_PUBSUB_CLOUD_EVENTS_SER", await answer.Content.ReadAsStringAsync(Machine.Cancel));
    }

    [Theory]
    [InlineData("nosuch", "t", StatusCode.InvalidArgument, "pubsub nosuch is not found", "DAPR_PUBSUB_NOT_FOUND")]
    [InlineData("pubsub", "", StatusCode.InvalidArgument, "topic is empty in pubsub pubsub", "DAPR_PUBSUB_TOPIC_NAME_EMPTY")]
    [InlineData("", "t", StatusCode.InvalidArgument, "pubsub name is empty", "DAPR_PUBSUB_NAME_EMPTY")]
    [InlineData("scoped", "secret", StatusCode.PermissionDenied, "topic secret is not allowed for app id app1", "DAPR_PUBSUB_FORBIDDEN")]
    public async Task Grpc_refuses_with_the_recorded_status_and_details(
        string pubSub, string topic, StatusCode status, string message, string reason)
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{(await StartAsync()).GrpcPort}");
        var error = await Assert.ThrowsAsync<RpcException>(
            () => new Wire(channel).PublishEventAsync(
                new PublishEventRequest { PubsubName = pubSub, Topic = topic }, cancellationToken: Machine.Cancel).ResponseAsync);
        Assert.Equal((status, message), (error.StatusCode, error.Status.Detail));
        Assert.Equal(reason, Google.Rpc.Status.Parser.ParseFrom(error.Trailers.GetValueBytes("grpc-status-details-bin")).Details
            .First(d => d.Is(ErrorInfo.Descriptor)).Unpack<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task Grpc_bulk_needs_distinct_ids()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{(await StartAsync()).GrpcPort}");
        var request = new BulkPublishRequest { PubsubName = "pubsub", Topic = "t" };
        for (var i = 0; i < 2; i++)
            request.Entries.Add(new BulkPublishRequestEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("1") });
        var error = await Assert.ThrowsAsync<RpcException>(
            () => new Wire(channel).BulkPublishEventAsync(request, cancellationToken: Machine.Cancel).ResponseAsync);
        Assert.Equal((StatusCode.InvalidArgument, DuplicateIds), (error.StatusCode, error.Status.Detail));
        request.Entries[1].EntryId = "2";
        Assert.Empty((await new Wire(channel).BulkPublishEventAsync(request, cancellationToken: Machine.Cancel)).FailedEntries);
    }

    private Task<ITestedSidecar> StartAsync() => _machine.StartAsync(Machine.Component("pubsub", "pubsub.in-memory")
                                    + Machine.Component(
            "scoped", "pubsub.in-memory",
            ("allowedTopics", "open, secret, mine"), ("protectedTopics", "secret"), ("publishingScopes", "app2=secret;app3=")));

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
