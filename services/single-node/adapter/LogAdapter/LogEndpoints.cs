using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.LogAdapter;

/// <summary>The one interface that all logs show here.</summary>
internal static class LogEndpoints
{
    private const int MostAtOnce = 10_000;

    // Field names are those of the data model, not of web pages.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Maps <c>/records</c> and <c>/sources</c>.</summary>
    public static void MapRecords(this IEndpointRouteBuilder routes)
    {
        // A line a record; where to go on, and what was missed, stands in headers.
        routes.MapGet("/records", Read);
        routes.MapGet("/sources", (RecordBook book) => TypedResults.Ok(book.Counts));
    }

    private static Results<ContentHttpResult, ValidationProblem> Read(
        RecordBook book, HttpResponse response, long from = 0, int limit = 1000)
    {
        if (from < 0 || limit is < 1 or > MostAtOnce)
        {
            var problem = $"Give a number from 0 as 'from', and 1 to {MostAtOnce} as 'limit'.";
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { [from < 0 ? "from" : "limit"] = [problem] });
        }

        var (records, next, missed) = book.Read(from, limit);
        response.Headers["next"] = $"{next}";
        response.Headers["missed"] = $"{missed}";
        return TypedResults.Text(string.Concat(records.Select(r => JsonSerializer.Serialize(r, Json) + "\n")), "application/x-ndjson");
    }
}
