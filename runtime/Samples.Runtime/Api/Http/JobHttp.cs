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
                var (job, overwrite) = JobJson.Read(
                    name, await JsonBody.ReadAsync<JsonObject>(http, "failed to unmarshal request body: "));
                await block.ScheduleAsync(job, overwrite, http.RequestAborted);
                return Results.NoContent();
            });
            routes.MapGet(path, (string name) => JsonAnswer.Of(JobJson.Write(block.Get(name))));
            routes.MapDelete(path, async (string name, HttpContext http) =>
            {
                await block.DeleteAsync(name, http.RequestAborted);
                return Results.NoContent();
            });
        }
    }
}
