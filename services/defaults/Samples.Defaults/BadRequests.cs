using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Samples.Defaults;

/// <summary>A request that cannot be read is answered with problem details that name the field.</summary>
internal sealed class BadRequests(IProblemDetailsService problems) : IExceptionHandler
{
    public ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad)
            return ValueTask.FromResult(false);
        http.Response.StatusCode = bad.StatusCode;
        var details = new HttpValidationProblemDetails
        {
            Status = bad.StatusCode, Type = "unreadable-request", Title = "The request cannot be read.", Detail = bad.Message,
        };
        if (bad.InnerException is JsonException json)
            details.Errors[Field(json)] = [Reason(json)];
        return problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = details, Exception = bad });
    }

    // $.worker is the field worker; an empty path is the body as a whole.
    private static string Field(JsonException json) => json.Path?.TrimStart('$').TrimStart('.') is { Length: > 0 } field ? field : "body";

    // The first sentence says what is wrong; the path and position that follow are said otherwise.
    private static string Reason(JsonException json) => json.Message.Split(" Path: ", 2)[0];
}
