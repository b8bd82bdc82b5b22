using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Http;

/// <summary>The lock over HTTP: <c>/v1.0-alpha1/lock/{store}</c> and <c>/v1.0-alpha1/unlock/{store}</c>.</summary>
internal static class LockHttp
{
    public static void Map(IEndpointRouteBuilder routes, LockBlock block)
    {
        routes.MapPost("/v1.0-alpha1/lock/{store}", async (string store, HttpContext http) =>
        {
            var body = await ReadAsync(http);
            var success = await block.TryLockAsync(store, body.ResourceId, body.LockOwner, body.ExpiryInSeconds, http.RequestAborted);
            return JsonAnswer.Of(new { success });
        });
        routes.MapPost("/v1.0-alpha1/unlock/{store}", async (string store, HttpContext http) =>
        {
            var body = await ReadAsync(http);
            var status = (int)await block.UnlockAsync(store, body.ResourceId, body.LockOwner, http.RequestAborted);
            return JsonAnswer.Of(new { status });
        });
    }

    private static Task<Body> ReadAsync(HttpContext http) => JsonBody.ReadAsync<Body>(http, "failed deserializing HTTP body: ");

    private sealed record Body(string? ResourceId, string? LockOwner, int ExpiryInSeconds);
}
