using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Grpc;

/// <summary>
/// Binds methods of <c>dapr.proto.runtime.v1.Dapr</c>. The official package carries the messages but no server base class, so
/// each building block names its methods here.
/// </summary>
public sealed class GrpcMethods(ServiceMethodProviderContext<DaprService> context, string service = "dapr.proto.runtime.v1.Dapr")
{
    /// <summary>One request, one response. <see cref="ApiException"/> becomes the gRPC status it names.</summary>
    public void Unary<TRequest, TResponse>(string name, Func<TRequest, ServerCallContext, Task<TResponse>> handle)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddUnaryMethod(Describe<TRequest, TResponse>(MethodType.Unary, name), [],
            (_, request, call) => GrpcErrors.TranslateAsync(() => handle(request, call)));

    /// <summary>One request, a stream of responses.</summary>
    public void ServerStream<TRequest, TResponse>(
        string name, Func<TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> handle)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddServerStreamingMethod(Describe<TRequest, TResponse>(MethodType.ServerStreaming, name), [],
            (_, request, stream, call) => GrpcErrors.TranslateAsync(() => handle(request, stream, call)));

    /// <summary>Streams both ways.</summary>
    public void DuplexStream<TRequest, TResponse>(
        string name, Func<IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> handle)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddDuplexStreamingMethod(Describe<TRequest, TResponse>(MethodType.DuplexStreaming, name), [],
            (_, requests, stream, call) => GrpcErrors.TranslateAsync(() => handle(requests, stream, call)));

    /// <summary>A method of the service that answers nothing but an error, whatever its messages.</summary>
    public void Refuse(MethodDescriptor method, Func<IMessage, ApiException> refuse)
    {
        var parser = method.InputType.Parser;
        var described = new Method<IMessage, IMessage>(MethodType.Unary, service, method.Name,
            new Marshaller<IMessage>(message => message.ToByteArray(), bytes => Read(() => parser.ParseFrom(bytes))),
            new Marshaller<IMessage>(message => message.ToByteArray(), method.OutputType.Parser.ParseFrom));
        if (!method.IsClientStreaming && !method.IsServerStreaming)
            context.AddUnaryMethod(described, [], (_, request, _) => GrpcErrors.TranslateAsync<IMessage>(() => throw refuse(request)));
        else
            context.AddDuplexStreamingMethod(
                new Method<IMessage, IMessage>(
                    MethodType.DuplexStreaming, service, method.Name, described.RequestMarshaller, described.ResponseMarshaller),
                [],
                (_, requests, _, call) =>
                    GrpcErrors.TranslateAsync(
                        async () =>
                            throw refuse(await requests.MoveNext(call.CancellationToken) ? requests.Current : parser.ParseFrom([]))));
    }

    private Method<TRequest, TResponse> Describe<TRequest, TResponse>(MethodType type, string name)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new(type, service, name, Message<TRequest>(), Message<TResponse>());

    // In the words of gRPC for Go, whose status for this is Internal.
    private static T Read<T>(Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"grpc: error unmarshalling request: {error.Message}"));
        }
    }

    private static Marshaller<T> Message<T>() where T : class, IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        return new Marshaller<T>(
            (message, serialization) =>
            {
                serialization.SetPayloadLength(message.CalculateSize());
                message.WriteTo(serialization.GetBufferWriter());
                serialization.Complete();
            },
            deserialization => Read(() => parser.ParseFrom(deserialization.PayloadAsReadOnlySequence())));
    }
}

/// <summary>The gRPC service of one sidecar; its methods are bound by <see cref="GrpcMethods"/>.</summary>
public sealed class DaprService;
