using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;

namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> Locks(SidecarContext context) => [new LockFeature(context)];

    /// <summary>The distributed lock: alpha in Dapr, and not reentrant there either.</summary>
    private sealed class LockFeature(SidecarContext context) : ISidecarFeature
    {
        private sealed record LockBody(string? ResourceId, string? LockOwner, int ExpiryInSeconds);

        public void MapHttp(IEndpointRouteBuilder routes)
        {
            routes.MapPost("/v1.0-alpha1/lock/{store}", async (string store, HttpContext http) =>
            {
                var body = await JsonBody.ReadAsync<LockBody>(http, "failed deserializing HTTP body: ");
                return JsonTexts.Answer(new { success = await TryLockAsync(store, body.ResourceId, body.LockOwner, body.ExpiryInSeconds, http.RequestAborted) });
            });
            routes.MapPost("/v1.0-alpha1/unlock/{store}", async (string store, HttpContext http) =>
            {
                var body = await JsonBody.ReadAsync<LockBody>(http, "failed deserializing HTTP body: ");
                return JsonTexts.Answer(new { status = (int)await UnlockAsync(store, body.ResourceId, body.LockOwner, http.RequestAborted) });
            });
        }

        public void BindGrpc(GrpcMethods methods)
        {
            methods.Unary<TryLockRequest, TryLockResponse>("TryLockAlpha1", async (request, call) => new TryLockResponse
            {
                Success = await TryLockAsync(request.StoreName, request.ResourceId, request.LockOwner, request.ExpiryInSeconds, call.CancellationToken),
            });
            methods.Unary<UnlockRequest, UnlockResponse>("UnlockAlpha1", async (request, call) => new UnlockResponse
            {
                Status = (UnlockResponse.Types.Status)await UnlockAsync(request.StoreName, request.ResourceId, request.LockOwner, call.CancellationToken),
            });
        }

        private Task<bool> TryLockAsync(string store, string? resource, string? owner, int seconds, CancellationToken cancel)
        {
            var engine = Find(store, resource, owner);
            return seconds > 0
                ? context.GovernAsync(store, ComponentKind.Lock, "ERR_TRY_LOCK", "failed to try acquiring lock",
                    stop => engine.TryLockAsync(Key(resource!), owner!, TimeSpan.FromSeconds(seconds), stop), cancel)
                : throw ApiException.Malformed($"ExpiryInSeconds is not positive in lock store {store}");
        }

        private Task<UnlockStatus> UnlockAsync(string store, string? resource, string? owner, CancellationToken cancel)
        {
            var engine = Find(store, resource, owner);
            return context.GovernAsync(store, ComponentKind.Lock, "ERR_UNLOCK", "failed to release lock", stop => engine.UnlockAsync(Key(resource!), owner!, stop), cancel);
        }

        private string Key(string resource) => $"lock||{context.AppId}||{resource}";

        private ILockStore Find(string store, string? resource, string? owner)
        {
            var engine = context.Components.Find<ILockStore>(store)
                ?? throw (context.Components.All.Any(c => c.Engine is ILockStore)
                    ? new ApiException(400, "ERR_LOCK_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"lock store {store} not found")
                    : new ApiException(500, "ERR_LOCK_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "lock store is not configured"));
            if (string.IsNullOrEmpty(resource))
                throw ApiException.Malformed($"ResourceId is empty in lock store {store}");
            if (string.IsNullOrEmpty(owner))
                throw ApiException.Malformed($"LockOwner is empty in lock store {store}");
            return engine;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
