using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Http;

/// <summary>Jobs over HTTP: <c>/v1.0/jobs/{name}</c>, and the alpha address that came before it.</summary>
internal static class JobHttp
{
    public static void Map(IEndpointRouteBuilder routes, JobBlock block)
    {
        foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
        {
            var path = $"/{version}/jobs/{{name}}";
            routes.MapPost(path, async (string name, HttpContext http) =>
            {
                var (job, overwrite) = JobJson.Read(name, await ReadAsync(http));
                await block.ScheduleAsync(job, overwrite, http.RequestAborted);
                return Results.NoContent();
            });
            routes.MapGet(path, (string name) => Results.Json(JobJson.Write(block.Get(name)), JsonTexts.Compact, "application/json"));
            routes.MapDelete(path, async (string name, HttpContext http) =>
            {
                await block.DeleteAsync(name, http.RequestAborted);
                return Results.NoContent();
            });
        }
    }

    private static async Task<JsonObject> ReadAsync(HttpContext http)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<JsonObject>(http.Request.Body, JsonTexts.Compact, http.RequestAborted)
                ?? throw ApiException.Malformed("failed to unmarshal request body: the body is null");
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            // A member that stands twice in an object is an ArgumentException.
            throw ApiException.Malformed($"failed to unmarshal request body: {error.Message}");
        }
    }
}
