using System.Globalization;
using Microsoft.Net.Http.Headers;
using Samples.Cache.Http;
using Samples.Cache.Storage;

namespace Samples.Cache;

/// <summary>Writes answers to clients.</summary>
public sealed class Answers(TimeProvider time)
{
    // What a 304 repeats of the answer that it stands for (RFC 9110, 15.4.5).
    private static readonly HashSet<string> NotOfBody = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cache-Control", "Content-Location", "Date", "ETag", "Expires", "Vary", "Last-Modified",
    };

    /// <summary>A stored answer, or as much of it as the client needs.</summary>
    /// <param name="http">The request.</param>
    /// <param name="stored">The answer.</param>
    /// <param name="how">What the cache did, as <c>Cache-Status</c> says it (RFC 9211).</param>
    public async Task SendAsync(HttpContext http, StoredResponse stored, string how)
    {
        var (request, response) = (http.Request, http.Response);
        var isKnown = Conditions.IsKnown(request.Headers, stored);
        foreach (var (name, values) in stored.Headers)
        {
            if (!isKnown || NotOfBody.Contains(name))
                response.Headers[name] = values;
        }

        response.Headers.Age = ((long)Freshness.Age(stored, time.GetUtcNow()).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        Mark(response, how);
        if (isKnown)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var body = stored.Body;
        response.StatusCode = stored.Status;
        if (HttpMethods.IsGet(request.Method) && ByteRange.Of(request.Headers, stored) is { } range)
        {
            response.StatusCode = range.Length > 0 ? StatusCodes.Status206PartialContent : StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = range.Length > 0
                ? $"bytes {range.From}-{range.From + range.Length - 1}/{body.Length}"
                : $"bytes */{body.Length}";
            body = body.Slice(range.From, range.Length);
        }

        if (stored.Status is StatusCodes.Status204NoContent)
            return;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(request.Method))
            await response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>An answer that is nobody else's, as it comes.</summary>
    public static async Task PassAsync(HttpContext http, Fetched fetched)
    {
        using var answer = fetched.Passing!;
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in Origin.HeadersOf(answer))
            http.Response.Headers[name] = values;
        Mark(http.Response, "fwd=miss");
        if (http.Response.StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified)
            return;
        try
        {
            // It has begun before its first event.
            if (http.Response.ContentType is { } type && Storability.IsEventStream(type))
                await http.Response.Body.FlushAsync(http.RequestAborted);
            await http.Response.Body.WriteAsync(fetched.Begun, http.RequestAborted);
            await (await answer.Content.ReadAsStreamAsync(http.RequestAborted)).CopyToAsync(http.Response.Body, http.RequestAborted);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            // It cannot be taken back what was sent; that it is not whole can be shown.
            http.Abort();
        }
    }

    /// <summary>An error of the cache's own.</summary>
    public static Task ProblemAsync(HttpContext http, int status, string type, string detail)
    {
        Mark(http.Response, "fwd=miss");
        http.Response.Headers.CacheControl = "no-store";
        return Results.Problem(statusCode: status, type: type, title: "The cache has no answer.", detail: detail).ExecuteAsync(http);
    }

    private static void Mark(HttpResponse response, string how)
    {
        response.Headers["X-Cache"] = how.StartsWith("hit", StringComparison.Ordinal) ? "HIT" : "MISS";
        response.Headers["Cache-Status"] = $"cache; {how}";
        response.Headers.Remove(HeaderNames.TransferEncoding);
    }
}
