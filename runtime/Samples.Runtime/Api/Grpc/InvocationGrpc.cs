using System.Globalization;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Service invocation of HTTP applications over gRPC: the answer's body in a message, a status other than success as a gRPC status.</summary>
internal sealed class InvocationGrpc(string callerAppId, NameTable names)
{
    // What belongs to the connection of the caller, or opens the sidecar, is not for the application.
    private static readonly string[] Withheld = ["host", "te", "content-type", "content-length", "dapr-api-token", "dapr-app-id"];

    public void Bind(GrpcMethods methods) => methods.Unary<InvokeServiceRequest, InvokeResponse>("InvokeService", InvokeAsync);

    private async Task<InvokeResponse> InvokeAsync(InvokeServiceRequest invocation, ServerCallContext call)
    {
        var replicas = names.Resolve(invocation.Id);
        if (replicas.Count == 0)
            throw InvocationFeature.Failed(invocation.Id, "no host found with the given ID");
        if (invocation.Message?.HttpExtension is not { Verb: not HTTPExtension.Types.Verb.None })
            throw InvocationFeature.Failed(invocation.Id, "rpc error: code = InvalidArgument desc = missing HTTP extension field");
        foreach (var replica in replicas)
        {
            if (replica.BaseAddress is null)
                throw InvocationFeature.Failed(invocation.Id, "cannot invoke local endpoint: app channel not initialized");
            using var request = ToHttp(invocation, call.RequestHeaders);
            try
            {
                using var response = await replica.SendAsync(request, HttpCompletionOption.ResponseContentRead, call.CancellationToken);
                return await ToMessageAsync(response, call);
            }
            catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
            {
                // Nothing was sent: another replica may have it.
            }
            catch (HttpRequestException error)
            {
                throw InvocationFeature.Failed(invocation.Id, $"the application broke the connection: {error.Message}");
            }
        }

        throw InvocationFeature.Failed(invocation.Id, "the application does not answer on its port");
    }

    private HttpRequestMessage ToHttp(InvokeServiceRequest invocation, Metadata headers)
    {
        var message = invocation.Message;
        var query = message.HttpExtension.Querystring is { Length: > 0 } text ? "?" + text : "";
        var request = new HttpRequestMessage(new HttpMethod(message.HttpExtension.Verb.ToString().ToUpperInvariant()), "/" + message.Method.TrimStart('/') + query);
        if (message.Data is { } data && !data.Value.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            // A typed message stays protobuf, whatever the caller calls it.
            var type = data.TypeUrl.Length > 0 ? "application/x-protobuf" : message.ContentType.Length > 0 ? message.ContentType : "application/json";
            request.Content.Headers.ContentType = MediaTypeHeaderValue.TryParse(type, out var known) ? known : new MediaTypeHeaderValue("application/octet-stream");
        }

        foreach (var header in headers.Where(h => !h.IsBinary && !h.Key.StartsWith("grpc-", StringComparison.Ordinal) && !Withheld.Contains(h.Key)))
            request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        if (callerAppId != invocation.Id)
        {
            request.Headers.TryAddWithoutValidation("dapr-caller-app-id", callerAppId);
            request.Headers.TryAddWithoutValidation("dapr-callee-app-id", invocation.Id);
        }

        return request;
    }

    private static async Task<InvokeResponse> ToMessageAsync(HttpResponseMessage response, ServerCallContext call)
    {
        var body = await response.Content.ReadAsByteArrayAsync(call.CancellationToken);
        var status = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode)
            throw new ApiException(status, "ERR_DIRECT_INVOKE", ToGrpc(status), response.ReasonPhrase ?? status.ToString(CultureInfo.InvariantCulture));
        var headers = new Metadata { { "dapr-http-status", status.ToString(CultureInfo.InvariantCulture) } };
        foreach (var (name, values) in response.Headers.Where(h => h.Key is not ("Date" or "Connection" or "Transfer-Encoding" or "Keep-Alive")))
            headers.Add(name.ToLowerInvariant(), string.Join(", ", values));
        await call.WriteResponseHeadersAsync(headers);
        return new InvokeResponse
        {
            Data = new Any { Value = ByteString.CopyFrom(body) },
            ContentType = response.Content.Headers.ContentType?.ToString() ?? "",
        };
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
