using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.LogAdapter;

/// <summary>The one interface that all logs show here.</summary>
internal static class LogEndpoints
{
    private const int MostAtOnce = 10_000, MostCharacters = 8 * 1024 * 1024;

    /// <summary>Maps <c>/records</c> and <c>/sources</c>.</summary>
    public static void MapRecords(this IEndpointRouteBuilder routes)
    {
        // A line a record; where to go on, and what was missed, stands in headers. Large records are fewer at once.
        routes.MapGet("/records", Results<ContentHttpResult, ValidationProblem> (
            RecordBook book, HttpResponse response, long from = 0, int limit = 1000) =>
        {
            if (from < 0 || limit is < 1 or > MostAtOnce)
            {
                var problem = $"Give a number from 0 as 'from', and 1 to {MostAtOnce} as 'limit'.";
                return TypedResults.ValidationProblem(new Dictionary<string, string[]> { [from < 0 ? "from" : "limit"] = [problem] });
            }

            var (records, next, missed) = book.Read(from, limit, MostCharacters);
            response.Headers["next"] = $"{next}";
            response.Headers["missed"] = $"{missed}";
            response.Headers["book"] = book.Id;
            return TypedResults.Text(string.Concat(records.Select(r => r + "\n")), "application/x-ndjson");
        });
        routes.MapGet("/sources", (RecordBook book) => TypedResults.Ok(book.Counts));
    }
}
