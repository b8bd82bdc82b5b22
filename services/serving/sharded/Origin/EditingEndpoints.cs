using Dapr;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.Origin;

/// <summary>What a document is to say.</summary>
public sealed record EditRequest(string? Summary);

/// <summary>Writes. When one is answered, nobody tells anything older any more.</summary>
public static class EditingEndpoints
{
    private const int LongestId = 300, LongestSummary = 2000;

    /// <summary>Maps <c>PUT /documents?id=</c>.</summary>
    public static void MapEditing(this IEndpointRouteBuilder routes) => routes.MapPut("/documents", EditAsync);

    private static async Task<Results<Ok<Document>, ValidationProblem, ProblemHttpResult>> EditAsync(
        string? id, EditRequest request, Library library, CancellationToken cancel)
    {
        var errors = new Dictionary<string, string[]>();
        if (id is null or "" or { Length: > LongestId } || id.Any(char.IsControl))
            errors["id"] = [$"Give a document's id of at most {LongestId} characters, without control characters."];
        if (request.Summary is null or "" or { Length: > LongestSummary })
            errors["summary"] = [$"Give a text of at most {LongestSummary} characters."];
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors, title: "This is no edit.", type: "invalid-edit");
        if (library.Index is null)
            return Unavailable("not-ready", "The documentation is still being read.", "Ask again in a second.");
        try
        {
            return await library.EditAsync(id!, request.Summary!, cancel) switch
            {
                (EditOutcome.Done, { } document) => TypedResults.Ok(document),
                (EditOutcome.Full, _) => TypedResults.Problem(
                    statusCode: 507, type: "too-many-edits", title: "No more documents can be edited.",
                    detail: "This store keeps a few hundred edits. Edit one that has been edited before."),
                _ => TypedResults.Problem(
                    statusCode: 409, type: "edited-meanwhile", title: "Somebody else has written to the store.",
                    detail: "Read the document, and try again if it still has to change. One origin may run at a time."),
            };
        }
        catch (DaprException)
        {
            return Unavailable(
                "store-unavailable", "The state store does not answer.", "The edit may or may not be stored. Read it, and try again.");
        }
    }

    private static ProblemHttpResult Unavailable(string type, string title, string detail) =>
        TypedResults.Problem(statusCode: 503, type: type, title: title, detail: detail);
}
