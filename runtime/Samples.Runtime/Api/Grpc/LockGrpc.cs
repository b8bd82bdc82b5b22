using Dapr.Client.Autogen.Grpc.v1;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>The lock over gRPC.</summary>
internal static class LockGrpc
{
    public static void Bind(GrpcMethods methods, LockBlock block)
    {
        methods.Unary<TryLockRequest, TryLockResponse>("TryLockAlpha1", async (request, call) => new TryLockResponse
        {
            Success = await block.TryLockAsync(
                request.StoreName, request.ResourceId, request.LockOwner, request.ExpiryInSeconds, call.CancellationToken),
        });
        methods.Unary<UnlockRequest, UnlockResponse>("UnlockAlpha1", async (request, call) => new UnlockResponse
        {
            Status = (UnlockResponse.Types.Status)await block.UnlockAsync(
                request.StoreName, request.ResourceId, request.LockOwner, call.CancellationToken),
        });
    }
}
