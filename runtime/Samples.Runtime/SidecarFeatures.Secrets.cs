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
    private static IEnumerable<ISidecarFeature> Secrets(SidecarContext context) => [new SecretFeature(context)];

    /// <summary>Secrets, read only: Dapr has no API that writes them.</summary>
    private sealed class SecretFeature(SidecarContext context) : ISidecarFeature
    {
        public void MapHttp(IEndpointRouteBuilder routes)
        {
            routes.MapGet("/v1.0/secrets/{store}/bulk", async (string store, HttpContext http) =>
                JsonTexts.Answer(await GetAllAsync(store, http.RequestAborted)));
            // A name may hold slashes, as the paths of a vault do.
            routes.MapGet("/v1.0/secrets/{store}/{**key}", async (string store, string key, HttpContext http) =>
                JsonTexts.Answer(await GetAsync(store, key, http.RequestAborted)));
        }

        public void BindGrpc(GrpcMethods methods)
        {
            methods.Unary<GetSecretRequest, GetSecretResponse>("GetSecret", async (request, call) =>
            {
                var response = new GetSecretResponse();
                foreach (var (name, value) in await GetAsync(request.StoreName, request.Key, call.CancellationToken))
                    response.Data[name] = value;
                return response;
            });
            methods.Unary<GetBulkSecretRequest, GetBulkSecretResponse>("GetBulkSecret", async (request, call) =>
            {
                var response = new GetBulkSecretResponse();
                foreach (var (name, values) in await GetAllAsync(request.StoreName, call.CancellationToken))
                {
                    var secret = response.Data[name] = new SecretResponse();
                    foreach (var (key, value) in values)
                        secret.Secrets[key] = value;
                }

                return response;
            });
        }

        private async Task<IReadOnlyDictionary<string, string>> GetAsync(string store, string key, CancellationToken cancel)
        {
            var engine = Find(store);
            if (!Permits(store, key))
            {
                throw new ApiException(403, "ERR_PERMISSION_DENIED", StatusCode.PermissionDenied,
                    $"access denied by policy to get \"{key}\" from \"{store}\"");
            }

            return await context.GovernAsync(store, ComponentKind.Secretstore, "ERR_SECRET_GET", $"failed getting secret with key {key} from secret store {store}",
                    stop => engine.GetAsync(key, stop), cancel)
                ?? throw new ApiException(500, "ERR_SECRET_GET", StatusCode.Internal,
                    $"failed getting secret with key {key} from secret store {store}: secret {key} not found");
        }

        private async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(string store, CancellationToken cancel)
        {
            var engine = Find(store);
            var all = await context.GovernAsync(store, ComponentKind.Secretstore, "ERR_SECRET_GET", $"failed getting secrets from secret store {store}", engine.GetAllAsync, cancel);
            return all.Where(secret => Permits(store, secret.Key)).ToDictionary();
        }

        private bool Permits(string store, string secret) =>
            context.Resources.Configuration.SecretScopes.FirstOrDefault(s => s.StoreName == store)?.Permits(secret) ?? true;

        private ISecretStore Find(string store)
        {
            if (context.Components.Find<ISecretStore>(store) is { } engine)
                return engine;
            // daprd tells "none configured" from "none of that name"; the status of the latter is 401 there.
            throw context.Components.All.Any(c => c.Engine is ISecretStore)
                ? new ApiException(401, "ERR_SECRET_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"failed finding secret store with key {store}")
                : new ApiException(500, "ERR_SECRET_STORES_NOT_CONFIGURED", StatusCode.FailedPrecondition, "secret store is not configured");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
