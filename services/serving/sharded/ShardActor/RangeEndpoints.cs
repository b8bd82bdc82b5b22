using Dapr.Actors;
using Dapr.Actors.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Samples.ShardMemory;

namespace Samples.ShardActor;

/// <summary>Any replica takes any request and hands it to the actor that has its key.</summary>
public static class RangeEndpoints
{
    private const int LongestKey = 8192;

    /// <summary>Maps reads, and <c>GET /ranges</c>: who lives here.</summary>
    public static void MapRanges(this IEndpointRouteBuilder routes)
    {
        foreach (var path in (string[])["/dapr/{**rest}", "/job/{**rest}", "/changes", "/leases"])
            routes.Map(path, () => TypedResults.NotFound()).ExcludeFromDescription();
        routes.MapGet(
            "/ranges", (LivingRanges living, ShardOptions options) => TypedResults.Ok(new { options.Replica, Ranges = living.All }));
        routes.MapGet("/{**path}", ReadAsync);
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> ReadAsync(
        HttpContext http, IActorProxyFactory actors, KeyRanges ranges, CancellationToken cancel)
    {
        var target = http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent();
        if (target.Length > LongestKey)
            return Problem(414, "key-too-long", "The address is too long.", $"Path and query have to fit {LongestKey} characters.");
        var range = ranges.Of(target);
        RangeAnswer? answer;
        try
        {
            answer = await actors.CreateActorProxy<IRange>(new ActorId(range), nameof(RangeActor)).GetAsync(target, cancel);
        }
        catch (Exception error) when (error is ActorInvokeException or Dapr.DaprException or HttpRequestException)
        {
            return Problem(503, "range-moves", "The range has no replica now.", "Ask again in a moment: it comes to life on another one.");
        }

        if (answer is null)
            return Problem(502, "origin-unreachable", "The source does not answer.", "Ask again when it is back.");
        http.Response.StatusCode = answer.Status;
        http.Response.Headers[AnswerHeaders.Cache] = answer.How;
        http.Response.Headers[AnswerHeaders.Replica] = answer.Replica;
        http.Response.Headers["X-Range"] = range;
        return TypedResults.Bytes(answer.Body, answer.ContentType);
    }

    private static ProblemHttpResult Problem(int status, string type, string title, string detail) =>
        TypedResults.Problem(statusCode: status, type: type, title: title, detail: detail);
}
