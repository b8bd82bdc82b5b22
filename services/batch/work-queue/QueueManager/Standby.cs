using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace Samples.QueueManager;

/// <summary>Marks an endpoint that needs the active manager.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ActiveOnlyAttribute : Attribute;

/// <summary>
/// The standby's 503. Dapr asks each replica whether it is active, by its check of the app's health, and passes requests to none that is
/// not. Between two checks, and without them, a request can meet the standby: the caller's next try reaches the other replica.
/// </summary>
public sealed class Standby(RequestDelegate next, ActiveManager manager)
{
    private static readonly byte[] Problem = JsonSerializer.SerializeToUtf8Bytes(new ProblemDetails
    {
        Type = "standby",
        Title = "This manager stands by.",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = "Ask again: Dapr's next replica may be the active one.",
    });

    /// <summary>Answers for the standby, or passes on.</summary>
    public Task InvokeAsync(HttpContext http) =>
        manager.IsActive || http.GetEndpoint()?.Metadata.GetMetadata<ActiveOnlyAttribute>() is null ? next(http) : AnswerAsync(http);

    private static Task AnswerAsync(HttpContext http)
    {
        var answer = http.Response;
        answer.StatusCode = StatusCodes.Status503ServiceUnavailable;
        answer.Headers.RetryAfter = "0";
        answer.ContentType = "application/problem+json";
        answer.ContentLength = Problem.Length;
        return answer.Body.WriteAsync(Problem, http.RequestAborted).AsTask();
    }
}
