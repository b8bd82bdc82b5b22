using System.Net;
using System.Net.Http.Headers;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Samples.Runtime.Apps;

/// <summary>
/// The callbacks of an application that speaks gRPC. What HTTP applications get as a request becomes <c>OnInvoke</c> here, and its answer
/// a response; what only HTTP applications are asked that way (the configuration of actors) is answered with 404.
/// </summary>
internal sealed class GrpcApp : IDisposable
{
    // The official package has these services' server side only.
    private static readonly Method<InvokeRequest, InvokeResponse> OnInvoke = Unary(
        "AppCallback", "OnInvoke", InvokeRequest.Parser, InvokeResponse.Parser);
    private static readonly Method<JobEventRequest, JobEventResponse> OnJobEvent = Unary(
        "AppCallback", "OnJobEvent", JobEventRequest.Parser, JobEventResponse.Parser);
    private static readonly Method<JobEventRequest, JobEventResponse> OnJobEventAlpha1 = Unary(
        "AppCallbackAlpha", "OnJobEventAlpha1", JobEventRequest.Parser, JobEventResponse.Parser);
    private static readonly Method<Empty, Empty> HealthCheck = Unary("AppCallbackHealthCheck", "HealthCheck", Empty.Parser, Empty.Parser);

    private readonly GrpcChannel _channel;
    private readonly CallInvoker _calls;
    private readonly AppChannel _app;

    public GrpcApp(Uri address, HttpMessageInvoker client, AppChannel app)
    {
        _app = app;
        _channel = GrpcChannel.ForAddress(
            address, new GrpcChannelOptions { HttpHandler = new Shared(client), MaxReceiveMessageSize = null, DisposeHttpClient = false });
        _calls = _channel.CreateCallInvoker();
    }

    /// <summary>
    /// One call of a callback, with the app token, within the concurrency limit. Throws <see cref="RpcException"/> with the application's
    /// status, and <see cref="HttpRequestException"/> where it refused the connection.
    /// </summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, Metadata headers, CancellationToken cancel)
        where TRequest : class
        where TResponse : class
    {
        using var place = await _app.EnterAsync(cancel);
        try
        {
            using var call = _calls.AsyncUnaryCall(
                method, null, new CallOptions([.. headers, .. _app.Token], cancellationToken: cancel), request);
            return await call;
        }
        catch (RpcException error) when (Refusal(error) is { } refused)
        {
            _app.ReportLost();
            throw refused;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled && cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancel);
        }
    }

    // Nothing was sent: that is no answer of the application's.
    private static HttpRequestException? Refusal(RpcException error) =>
        error.StatusCode == StatusCode.Unavailable
            && error.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } refused
            ? refused
            : null;

    /// <summary>Invokes a method. Throws <see cref="RpcException"/> with the application's status.</summary>
    public async Task<(InvokeResponse Answer, Metadata Headers)> InvokeAsync(
        InvokeRequest request, Metadata headers, CancellationToken cancel)
    {
        try
        {
            using var call = _calls.AsyncUnaryCall(OnInvoke, null, new CallOptions(headers, cancellationToken: cancel), request);
            var answer = await call;
            return (answer, await call.ResponseHeadersAsync);
        }
        catch (RpcException error) when (Refusal(error) is { } refused)
        {
            _app.ReportLost();
            throw refused;
        }
    }

    /// <summary>
    /// Tells of a job that is due, under the method's stable name or the one that came before it. The result is the application's status.
    /// </summary>
    public async Task<StatusCode> RunJobAsync(string name, Any? data, CancellationToken cancel)
    {
        var request = new JobEventRequest
        {
            Name = name, Data = data, Method = "job/" + name, ContentType = data?.TypeUrl ?? "",
            HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post },
        };
        var status = await TryAsync(OnJobEvent);
        return status == StatusCode.Unimplemented ? await TryAsync(OnJobEventAlpha1) : status;

        async Task<StatusCode> TryAsync(Method<JobEventRequest, JobEventResponse> method)
        {
            try
            {
                await CallAsync(method, request, [], cancel);
                return StatusCode.OK;
            }
            catch (RpcException error)
            {
                return error.StatusCode;
            }
            catch (HttpRequestException)
            {
                return StatusCode.Unavailable;
            }
        }
    }

    public async Task<bool> IsHealthyAsync(CancellationToken cancel)
    {
        try
        {
            using var call = _calls.AsyncUnaryCall(HealthCheck, null, new CallOptions(cancellationToken: cancel), new Empty());
            await call;
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    /// <summary>A request in the shape that HTTP applications get, as <c>OnInvoke</c>.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (request.Method == HttpMethod.Options || path.StartsWith("/dapr/", StringComparison.Ordinal))
            return new HttpResponseMessage(HttpStatusCode.NotFound);
        var headers = new Metadata();
        foreach (var (name, values) in request.Headers)
            headers.Add(name.ToLowerInvariant(), string.Join(", ", values));
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancel);
        try
        {
            var (answer, metadata) = await InvokeAsync(
                ToInvoke(request.Method.Method, path, request.RequestUri.Query, request.Content?.Headers.ContentType?.ToString(), body),
                headers, cancel);
            return ToResponse(answer, metadata);
        }
        catch (RpcException error)
        {
            return ToResponse(error);
        }
    }

    /// <summary>The message of <c>OnInvoke</c> for an HTTP request.</summary>
    public static InvokeRequest ToInvoke(string verb, string path, string query, string? contentType, byte[] body) => new()
    {
        Method = path.TrimStart('/'),
        ContentType = contentType ?? "",
        Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
        HttpExtension = new HTTPExtension
        {
            Verb = System.Enum.TryParse<HTTPExtension.Types.Verb>(verb, ignoreCase: true, out var known)
                ? known
                : HTTPExtension.Types.Verb.Post,
            Querystring = query.TrimStart('?'),
        },
    };

    private static HttpResponseMessage ToResponse(InvokeResponse answer, Metadata headers)
    {
        var response =
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new ReadOnlyMemoryContent(answer.Data?.Value.Memory ?? default) };
        if (MediaTypeHeaderValue.TryParse(answer.ContentType, out var type))
            response.Content.Headers.ContentType = type;
        foreach (var header in headers.Where(h => !h.IsBinary && h.Key is not ("content-type" or "date" or "server" or "trailer")))
            response.Headers.TryAddWithoutValidation(header.Key, header.Value);
        return response;
    }

    /// <summary>The HTTP form of a gRPC error, as daprd gives it to callers over HTTP.</summary>
    private static HttpResponseMessage ToResponse(RpcException error) => new((HttpStatusCode)ToHttp(error.StatusCode))
    {
        Content = System.Net.Http.Json.JsonContent.Create(new { code = (int)error.StatusCode, message = error.Status.Detail },
            new MediaTypeHeaderValue("application/json")),
    };

    private static int ToHttp(StatusCode status) => status switch
    {
        StatusCode.OK => 200,
        StatusCode.Cancelled => 408,
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => 400,
        StatusCode.DeadlineExceeded => 504,
        StatusCode.NotFound => 404,
        StatusCode.AlreadyExists or StatusCode.Aborted => 409,
        StatusCode.PermissionDenied => 403,
        StatusCode.Unauthenticated => 401,
        StatusCode.ResourceExhausted => 429,
        StatusCode.Unimplemented => 501,
        StatusCode.Unavailable => 503,
        _ => 500,
    };

    internal static Method<TRequest, TResponse> Unary<TRequest, TResponse>(
        string service, string name, MessageParser<TRequest> request, MessageParser<TResponse> response)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        new(MethodType.Unary, "dapr.proto.runtime.v1." + service, name,
            Marshallers.Create(m => m.ToByteArray(), request.ParseFrom), Marshallers.Create(m => m.ToByteArray(), response.ParseFrom));

    public void Dispose() => _channel.Dispose();

    /// <summary>Lets the gRPC client use the channel's connections.</summary>
    private sealed class Shared(HttpMessageInvoker client) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            client.SendAsync(request, cancellationToken);
    }
}
