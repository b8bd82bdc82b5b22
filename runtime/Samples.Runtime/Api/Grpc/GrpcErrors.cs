using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Turns <see cref="ApiException"/> into gRPC statuses, with google.rpc details where it has some.</summary>
public static class GrpcErrors
{
    /// <summary>Runs a handler and translates what it throws.</summary>
    public static async Task<T> TranslateAsync<T>(Func<Task<T>> handle)
    {
        try
        {
            return await handle();
        }
        catch (ApiException error)
        {
            throw ToRpc(error);
        }
        catch (Exception error) when (error is not (RpcException or OperationCanceledException))
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.Internal, error.Message));
        }
    }

    /// <summary>Runs a handler and translates what it throws.</summary>
    public static Task TranslateAsync(Func<Task> handle) => TranslateAsync(async () =>
    {
        await handle();
        return true;
    });

    private static RpcException ToRpc(ApiException error)
    {
        var message = error.GrpcMessage ?? error.Message;
        var trailers = new Metadata();
        if (error.Details is { } details)
            trailers.Add("grpc-status-details-bin", ToStatus((int)error.GrpcStatus, message, details).ToByteArray());
        return new RpcException(new global::Grpc.Core.Status(error.GrpcStatus, message), trailers);
    }

    private static Google.Rpc.Status ToStatus(int code, string message, ErrorDetails details)
    {
        var status = new Google.Rpc.Status { Code = code, Message = message };
        var info = new ErrorInfo { Domain = "dapr.io", Reason = details.Reason };
        foreach (var (key, value) in details.Metadata ?? new Dictionary<string, string>())
            info.Metadata[key] = value;
        status.Details.Add(Any.Pack(info));
        if (details.Resource is { } resource)
            status.Details.Add(
                Any.Pack(
                    new ResourceInfo { ResourceType = resource.Type, ResourceName = resource.Name, Description = resource.Description }));
        if (details.Violation is { } violation)
        {
            var request = new BadRequest();
            request.FieldViolations.Add(
                new BadRequest.Types.FieldViolation { Field = violation.Field, Description = violation.Description });
            status.Details.Add(Any.Pack(request));
        }

        return status;
    }
}
