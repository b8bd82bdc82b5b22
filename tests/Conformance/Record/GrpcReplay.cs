using System.Text.Json.Nodes;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Samples.Conformance.Record;

/// <summary>Calls a case of the gRPC record, whatever its method, and gives the answer in the record's form.</summary>
internal sealed class GrpcReplay(RecordedMachine machine, Likeness likeness) : IDisposable
{
    private const string Service = "dapr.proto.runtime.v1.Dapr";
    private static readonly TypeRegistry Types = TypeRegistry.FromFiles(WrappersReflection.Descriptor, StructReflection.Descriptor);
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(Types));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(Types));

    private readonly Dictionary<string, GrpcChannel> _channels = new(StringComparer.Ordinal);
    private AsyncServerStreamingCall<IMessage>? _stream;

    public async Task<JsonObject> AskAsync(RecordedCase recorded, CancellationToken cancel)
    {
        if (recorded is { Block: "configuration", Name: "get" })
            await machine.ConfigureAsync(("gcolour", "blue", "v1"));
        try
        {
            return recorded.Json["method"]!.GetValue<string>() == "SubscribeConfiguration"
                ? await NextAsync(recorded, cancel)
                : await UnaryAsync(recorded, cancel);
        }
        catch (RpcException error)
        {
            return new JsonObject { ["code"] = Code(error.StatusCode), ["details"] = error.Status.Detail };
        }
    }

    private async Task<JsonObject> UnaryAsync(RecordedCase recorded, CancellationToken cancel)
    {
        var method = Find(recorded);
        using var call = Invoker(recorded).AsyncUnaryCall(Describe(method, MethodType.Unary), null,
            new CallOptions(Headers(recorded), cancellationToken: cancel), Request(recorded, method));
        var message = await call;
        var answer = new JsonObject { ["code"] = "OK", ["message"] = ToJson(message) };
        if (recorded.Response!["metadata"] is JsonObject expected)
        {
            // The name of the application's own server, which is another one here.
            expected.Remove("server");
            var headers = await call.ResponseHeadersAsync;
            answer["metadata"] = new JsonObject(
                headers.Where(h => expected.ContainsKey(h.Key)).Select(h => KeyValuePair.Create(h.Key, (JsonNode?)h.Value)));
        }

        return answer;
    }

    // The stream stays open from its first message to the unsubscription; the record has one message a case.
    private async Task<JsonObject> NextAsync(RecordedCase recorded, CancellationToken cancel)
    {
        if (_stream is null)
            _stream = Invoker(recorded).AsyncServerStreamingCall(
                Describe(Find(recorded), MethodType.ServerStreaming), null, new CallOptions(), Request(recorded, Find(recorded)));
        else
            await machine.ChangeAsync("gcolour", "red", "v2");
        Assert(await _stream.ResponseStream.MoveNext(cancel));
        return new JsonObject { ["code"] = "OK", ["messages"] = new JsonArray(ToJson(_stream.ResponseStream.Current)) };
    }

    private static void Assert(bool more) => Xunit.Assert.True(more, "the stream ended");

    // The record writes the answer of an application as text, for people to read.
    private static JsonNode ToJson(IMessage message) => message is InvokeResponse answer
        ? new JsonObject
        {
            ["data"] = new JsonObject { ["type_url"] = answer.Data.TypeUrl, ["value"] = answer.Data.Value.ToStringUtf8() },
            ["content_type"] = answer.ContentType,
        }
        : JsonNode.Parse(Formatter.Format(message))!;

    private IMessage Request(RecordedCase recorded, MethodDescriptor method) =>
        Parser.Parse(likeness.Translate(recorded.Request!.ToJsonString()), method.InputType);

    private static MethodDescriptor Find(RecordedCase recorded) =>
        DaprReflection.Descriptor.Services.Single(s => s.FullName == Service).FindMethodByName(
            recorded.Json["method"]!.GetValue<string>());

    private static Method<IMessage, IMessage> Describe(MethodDescriptor method, MethodType type) => new(type, Service, method.Name,
        Marshallers.Create<IMessage>(m => m.ToByteArray(), b => method.InputType.Parser.ParseFrom(b)),
        Marshallers.Create<IMessage>(m => m.ToByteArray(), b => method.OutputType.Parser.ParseFrom(b)));

    private static Metadata Headers(RecordedCase recorded)
    {
        var headers = new Metadata();
        foreach (var (name, value) in recorded.Json["metadata"] as JsonObject ?? [])
            headers.Add(name, value!.GetValue<string>());
        return headers;
    }

    private CallInvoker Invoker(RecordedCase recorded)
    {
        var appId = recorded.Block == "token" ? "app2" : "app1";
        if (!_channels.TryGetValue(appId, out var channel))
            _channels[appId] = channel = GrpcChannel.ForAddress($"http://127.0.0.1:{machine[appId].GrpcPort}");
        return channel.CreateCallInvoker();
    }

    // INVALID_ARGUMENT is how the protocol writes InvalidArgument.
    private static string Code(StatusCode status) => status == StatusCode.OK ? "OK"
        : string.Concat(status.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : char.ToUpperInvariant(c).ToString()));

    public void Dispose()
    {
        _stream?.Dispose();
        foreach (var channel in _channels.Values)
            channel.Dispose();
    }
}
