using System.Globalization;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Service invocation over gRPC: the answer's body in a message, a status other than success as a gRPC status.</summary>
internal sealed class InvocationGrpc(Invocation block)
{
    // They describe the application's connection, not its answer.
    private static readonly string[] Withheld = ["connection", "transfer-encoding", "keep-alive", "trailer"];

    // gRPC has its own headers of these names.
    private static readonly string[] Renamed = ["date", "content-type", "content-length"];

    public void Bind(GrpcMethods methods) => methods.Unary<InvokeServiceRequest, InvokeResponse>(
        "InvokeService", async (invocation, call) =>
    {
        try
        {
            return await block.Policy(invocation.Id, invocation.Message?.Method ?? "").RunAsync(
                cancel => InvokeAsync(invocation, call, cancel), call.CancellationToken);
        }
        catch (FailedAnswerException failure) when (failure.InnerException is { } answer)
        {
            throw answer;
        }
        catch (Exception error) when (Invocation.GivenUp(invocation.Id, error) is { } explained)
        {
            throw explained;
        }
    });

    private async ValueTask<InvokeResponse> InvokeAsync(InvokeServiceRequest invocation, ServerCallContext call, CancellationToken cancel)
    {
        var message = invocation.Message ?? throw Invocation.Failed(invocation.Id, "the request has no message");
        foreach (var replica in block.Replicas(invocation.Id))
        {
            if (!replica.IsGrpc && message.HttpExtension is not { Verb: not HTTPExtension.Types.Verb.None })
                throw Invocation.Failed(invocation.Id, "rpc error: code = InvalidArgument desc = missing HTTP extension field");
            block.Authorize(
                replica, invocation.Id, "/" + message.Method.TrimStart('/'),
                replica.IsGrpc ? null : message.HttpExtension.Verb.ToString());
            try
            {
                return replica.Grpc is not null
                    ? await AskGrpcAsync(replica, invocation, call, cancel)
                    : await AskHttpAsync(replica, invocation, call, cancel);
            }
            catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
            {
                // Nothing was sent: another replica may have it.
            }
            catch (HttpRequestException error)
            {
                throw Invocation.Failed(invocation.Id, $"the application broke the connection: {error.Message}");
            }
        }

        throw Invocation.Undelivered(invocation.Id);
    }

    private async Task<InvokeResponse> AskHttpAsync(
        AppChannel replica, InvokeServiceRequest invocation, ServerCallContext call, CancellationToken cancel)
    {
        using var request = ToHttp(invocation, call.RequestHeaders);
        using var response = await replica.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        return await ToMessageAsync(response, request.Headers.GetValues(TraceContext.Parent).First(), call);
    }

    private async Task<InvokeResponse> AskGrpcAsync(
        AppChannel replica, InvokeServiceRequest invocation, ServerCallContext call, CancellationToken cancel)
    {
        using var named = new HttpRequestMessage();
        AddHeaders(named, invocation.Id, call.RequestHeaders);
        replica.AddToken(named);
        var headers = new Metadata();
        foreach (var (name, values) in named.Headers)
            headers.Add(name.ToLowerInvariant(), string.Join(", ", values));
        using var place = await replica.EnterAsync(cancel);
        try
        {
            var (answer, metadata) = await replica.Grpc!.InvokeAsync(invocation.Message, headers, cancel);
            await WriteHeadersAsync(call, [.. metadata.Where(h => !h.IsBinary).Select(h => (h.Key, h.Value))]);
            return answer;
        }
        catch (RpcException error)
        {
            throw new FailedAnswerException((int)error.StatusCode, error, isGrpc: true);
        }
    }

    private HttpRequestMessage ToHttp(InvokeServiceRequest invocation, Metadata headers)
    {
        var message = invocation.Message;
        var query = message.HttpExtension.Querystring is { Length: > 0 } text ? "?" + text : "";
        var request = new HttpRequestMessage(
            new HttpMethod(message.HttpExtension.Verb.ToString().ToUpperInvariant()), "/" + message.Method.TrimStart('/') + query);
        if (message.Data is { } data && !data.Value.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            // A typed message stays protobuf, whatever the caller calls it.
            var type = data.TypeUrl.Length > 0 ? "application/x-protobuf"
                : message.ContentType.Length > 0 ? message.ContentType
                : "application/json";
            request.Content.Headers.ContentType = MediaTypeHeaderValue.TryParse(type, out var known)
                ? known
                : new MediaTypeHeaderValue("application/octet-stream");
        }

        AddHeaders(request, invocation.Id, headers);
        return request;
    }

    private void AddHeaders(HttpRequestMessage request, string callee, Metadata headers)
    {
        var passed = headers.Where(
            h => !h.IsBinary && !h.Key.StartsWith("grpc-", StringComparison.Ordinal) && !RequestHeaders.IsOfConnection(h.Key));
        foreach (var header in passed)
            request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        if (!request.Headers.Contains(TraceContext.Parent)
            && headers.GetValueBytes(TraceContext.Binary) is { } binary
            && TraceContext.FromBinary(binary) is { } trace)
            request.Headers.TryAddWithoutValidation(TraceContext.Parent, trace);
        TraceContext.AddTo(request.Headers);
        RequestHeaders.Name(request.Headers, block.AppId, callee);
    }

    private static async Task<InvokeResponse> ToMessageAsync(HttpResponseMessage response, string trace, ServerCallContext call)
    {
        var status = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode)
        {
            throw new FailedAnswerException(status,
                new ApiException(
                    status, "ERR_DIRECT_INVOKE", ToGrpc(status), response.ReasonPhrase ?? status.ToString(CultureInfo.InvariantCulture)));
        }

        var body = await response.Content.ReadAsByteArrayAsync(call.CancellationToken);
        await WriteHeadersAsync(call,
        [
            ("dapr-http-status", status.ToString(CultureInfo.InvariantCulture)), (TraceContext.Parent, trace),
            // As they came: parsed, a value with anything but ASCII in it is dropped.
            .. response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
                .Select(h => (h.Key.ToLowerInvariant(), string.Join(", ", h.Value))),
        ]);
        return new InvokeResponse
        {
            Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
            ContentType = response.Content.Headers.ContentType?.ToString() ?? "",
        };
    }

    private static Task WriteHeadersAsync(ServerCallContext call, IReadOnlyList<(string Name, string Value)> headers)
    {
        var metadata = new Metadata();
        var shown = headers.Where(h => !Withheld.Contains(h.Name) && !h.Name.StartsWith("grpc-", StringComparison.Ordinal));
        foreach (var (name, value) in shown)
            metadata.Add(Renamed.Contains(name) ? "dapr-" + name : name, value);
        return call.WriteResponseHeadersAsync(metadata);
    }

    private static StatusCode ToGrpc(int status) => status switch
    {
        400 => StatusCode.InvalidArgument,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        408 => StatusCode.Cancelled,
        409 => StatusCode.AlreadyExists,
        429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        _ => StatusCode.Unknown,
    };
}
