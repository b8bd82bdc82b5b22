using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.Ledger;

/// <summary>A write and the fencing token that proves that its writer is the owner.</summary>
public sealed record WriteRequest(long? Term, string? Replica);

/// <summary>Whether old terms are refused.</summary>
public sealed record FencingSwitch(bool? Enabled);

/// <summary>The ledger over HTTP.</summary>
public static class LedgerEndpoints
{
    private const int MostEntries = 1000;

    /// <summary>Maps the ledger.</summary>
    public static void MapLedger(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tasks/{task}/entries", WriteAsync).WithSummary("Write; 409 where a newer owner has written already.");
        routes.MapGet("/tasks/{task}/entries", ReadAsync).WithSummary("Accepted writes in their order.");
        routes.MapGet("/tasks/{task}", HeadAsync).WithSummary("The highest term, and how many writes were accepted and refused.");
        routes.MapPut("/fencing", Switch).WithSummary("For experiments: what happens when old terms are not refused.");
    }

    private static async Task<Results<Created<LedgerEntry>, ProblemHttpResult, ValidationProblem>> WriteAsync(
        string task, WriteRequest write, LedgerBook book, CancellationToken cancel)
    {
        if (Problem(task) is { } wrong)
            return wrong;
        if (write.Term is not > 0)
            return Invalid("term", "Give the term of your lease, 1 or more.");
        if (write.Replica is not { Length: > 0 and <= 100 } replica)
            return Invalid("replica", "Give a name of 1 to 100 characters.");
        var highest = 0L;
        return await book.WriteAsync(task, write.Term.Value, replica, head => highest = head.HighestTerm, cancel) is { } entry
            ? TypedResults.Created($"/tasks/{task}/entries?from={entry.Sequence}&count=1", entry)
            : TypedResults.Problem(
                statusCode: 409,
                type: "fenced",
                title: $"Term {write.Term} is over: term {highest} has written already.",
                detail: "Step down. Another replica is the owner.",
                extensions: new Dictionary<string, object?> { ["highestTerm"] = highest });
    }

    private static async Task<Results<Ok<IReadOnlyList<LedgerEntry>>, ValidationProblem>> ReadAsync(
        string task, LedgerBook book, CancellationToken cancel, long from = 0, int count = 100)
    {
        if (Problem(task) is { } wrong)
            return wrong;
        if (from < 0)
            return Invalid("from", "Give a sequence number, 0 or more.");
        return count is >= 1 and <= MostEntries
            ? TypedResults.Ok(await book.ReadAsync(task, from, count, cancel))
            : Invalid("count", $"Give a number between 1 and {MostEntries}.");
    }

    private static async Task<Results<Ok<LedgerHead>, ProblemHttpResult, ValidationProblem>> HeadAsync(
        string task, LedgerBook book, CancellationToken cancel)
    {
        if (Problem(task) is { } wrong)
            return wrong;
        return await book.HeadAsync(task, cancel) is { } head
            ? TypedResults.Ok(head)
            : TypedResults.Problem(
                statusCode: 404,
                type: "task-not-found",
                title: $"Nobody has written to '{task}'.",
                detail: "POST /tasks/{task}/entries writes.");
    }

    private static Results<NoContent, ValidationProblem> Switch(FencingSwitch request, Fencing fencing)
    {
        if (request.Enabled is not { } enabled)
            return Invalid("enabled", "Give true or false.");
        fencing.Enabled = enabled;
        return TypedResults.NoContent();
    }

    // A name, not a path: it becomes part of keys.
    private static ValidationProblem? Problem(string task) =>
        task.Length <= 100 && task.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        ? null : Invalid("task", "Give a name of letters, digits, '-' and '_', at most 100.");

    private static ValidationProblem Invalid(string field, string cure) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [field] = [cure] });
}
