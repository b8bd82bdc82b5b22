using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Http;

/// <summary>Secrets over HTTP: <c>/v1.0/secrets/{store}</c>.</summary>
internal static class SecretHttp
{
    public static void Map(IEndpointRouteBuilder routes, SecretBlock block)
    {
        routes.MapGet("/v1.0/secrets/{store}/bulk", async (string store, HttpContext http) =>
            JsonAnswer.Of(await block.GetAllAsync(store, http.RequestAborted)));
        // A name may hold slashes, as the paths of a vault do.
        routes.MapGet("/v1.0/secrets/{store}/{**key}", async (string store, string key, HttpContext http) =>
            JsonAnswer.Of(await block.GetAsync(store, key, http.RequestAborted)));
    }
}
