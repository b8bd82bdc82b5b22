using System.Globalization;

namespace Samples.TwoFactor;

/// <summary>429 with the time to wait.</summary>
internal sealed record TooSoon(TimeSpan Wait, string Type, string Title) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var seconds = Math.Ceiling(Wait.TotalSeconds);
        httpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var problem = Results.Problem(statusCode: 429, type: Type, title: Title, detail: $"Try again in {seconds:0} s.");
        return problem.ExecuteAsync(httpContext);
    }
}
