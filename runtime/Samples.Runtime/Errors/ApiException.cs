using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Samples.Runtime.Errors;

/// <summary>
/// An answer other than success, as Dapr words it. Building blocks throw it; the HTTP side turns it into a status with
/// <c>{"errorCode": ..., "message": ...}</c>, the gRPC side into a status with details.
/// </summary>
/// <param name="httpStatus">The HTTP status.</param>
/// <param name="errorCode">Dapr's error code, for example <c>ERR_STATE_STORE_NOT_FOUND</c>.</param>
/// <param name="grpcStatus">The gRPC status.</param>
/// <param name="message">What went wrong.</param>
public sealed class ApiException(int httpStatus, string errorCode, StatusCode grpcStatus, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int HttpStatus { get; } = httpStatus;

    /// <summary>Dapr's error code.</summary>
    public string ErrorCode { get; } = errorCode;

    /// <summary>The gRPC status.</summary>
    public StatusCode GrpcStatus { get; } = grpcStatus;

    /// <summary>Where daprd's gRPC text differs from its HTTP text.</summary>
    public string? GrpcMessage { get; init; }

    /// <summary>The machine-readable part that newer error codes carry (google.rpc); null where daprd sends none.</summary>
    public ErrorDetails? Details { get; init; }

    /// <summary>True where nobody took the connection, so that nothing was sent and another replica may have the call.</summary>
    public bool IsUndelivered { get; init; }

    /// <summary>A request that cannot be read: 400, <c>ERR_MALFORMED_REQUEST</c>.</summary>
    public static ApiException Malformed(string message) =>
        new(StatusCodes.Status400BadRequest, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, message);
}
