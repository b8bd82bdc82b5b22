using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Samples.ShardMemory;
using Samples.ShardRouter.Keys;

namespace Samples.ShardRouter.Routing;

/// <summary>All paths but the router's own.</summary>
public static class RoutingEndpoints
{
    private const int LongestKey = 8192, LargestBody = 1024 * 1024;
    private static readonly string[] Told = [AnswerHeaders.Cache, AnswerHeaders.Replica, AnswerHeaders.AsOf];

    /// <summary>Reads go to shards, everything else to the origin.</summary>
    public static void MapRouting(this IEndpointRouteBuilder routes)
    {
        // What Dapr asks an application for is not the origin's business.
        foreach (var path in (string[])["/dapr/{**rest}", "/actors/{**rest}", "/job/{**rest}", "/changes", "/leases", "/cost"])
            routes.Map(path, () => TypedResults.NotFound()).ExcludeFromDescription();
        routes.MapGet("/{**path}", ReadAsync);
        routes.MapMethods("/{**path}", ["POST", "PUT", "PATCH", "DELETE"], WriteAsync);
    }

    private static async Task ReadAsync(HttpContext http, RequestKey keys, ShardedReads reads)
    {
        var key = keys.Of(http.Request.Path, http.Request.Query);
        if (key.Length > LongestKey)
        {
            await Problem(414, "key-too-long", "The address is too long.", $"Path and query have to fit {LongestKey} characters.")
                .ExecuteAsync(http);
            return;
        }

        using var routed = await reads.ReadAsync(key, http.RequestAborted);
        if (routed is null)
        {
            await Unreachable("Neither a shard nor the origin answers.").ExecuteAsync(http);
            return;
        }

        http.Response.Headers["X-Shard"] = routed.Shard;
        http.Response.Headers["X-Redirections"] = $"{routed.Redirections}";
        await CopyAsync(routed.Message, http);
    }

    private static async Task WriteAsync(HttpContext http, OriginPassage origin)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = LargestBody;
        // Whole, before anybody else is bothered: one that is too large or breaks off is the client's fault and not the origin's.
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        try
        {
            var target = http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent();
            using var answer = await origin.SendAsync(http.Request, target, body.ToArray(), http.RequestAborted);
            await CopyAsync(answer, http);
        }
        catch (Exception error) when (Callees.IsFailure(error))
        {
            await Unreachable("The origin does not answer. What was asked for may have been done.").ExecuteAsync(http);
        }
    }

    private static async Task CopyAsync(HttpResponseMessage answer, HttpContext http)
    {
        http.Response.StatusCode = (int)answer.StatusCode;
        http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        foreach (var name in Told)
        {
            if (answer.Headers.TryGetValues(name, out var values))
                http.Response.Headers[name] = values.First();
        }

        http.Response.ContentLength = answer.Content.Headers.ContentLength;
        await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    private static ProblemHttpResult Unreachable(string title) =>
        Problem(502, "nobody-answers", title, "Ask again in a moment; GET /ring shows which replicas are avoided.");

    private static ProblemHttpResult Problem(int status, string type, string title, string detail) =>
        TypedResults.Problem(statusCode: status, type: type, title: title, detail: detail);
}
