using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;

namespace Samples.Runtime.Api.Http;

/// <summary>Output bindings over HTTP: <c>/v1.0/bindings/{name}</c>.</summary>
internal static class BindingHttp
{
    public static void Map(IEndpointRouteBuilder routes, BindingBlock block) =>
        routes.MapMethods("/v1.0/bindings/{name}", ["POST", "PUT"], async (string name, HttpContext http) =>
        {
            var body = await JsonBody.ReadAsync<Body>(http, "failed deserializing HTTP body: ");
            var data = body.Data is { } value ? JsonSerializer.SerializeToUtf8Bytes(value, JsonTexts.Compact) : [];
            await WriteAsync(http, await block.InvokeAsync(name, body.Operation, data, body.Metadata ?? [], http.RequestAborted));
        });

    private static async Task WriteAsync(HttpContext http, BindingResult result)
    {
        foreach (var (key, value) in result.Metadata)
        {
            // What a header cannot carry stays out; over gRPC it is there.
            if (value.All(c => c is >= ' ' and < '\x7f'))
                http.Response.Headers["metadata." + key] = value;
        }

        if (result.Data.IsEmpty)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        http.Response.ContentType = result.ContentType ?? "application/json";
        http.Response.ContentLength = result.Data.Length;
        await http.Response.Body.WriteAsync(result.Data, http.RequestAborted);
    }

    private sealed record Body(string? Operation, JsonElement? Data, Dictionary<string, string>? Metadata);
}
