using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.QueueManager;

/// <summary>Who asks for an item.</summary>
public sealed record LeaseRequest(string? Worker);

/// <summary>How a lease ended: handed back, with a failure, or, where it was neither, with the item done.</summary>
public sealed record LeaseEnd(string? Failure, bool HandedBack = false);

/// <summary>
/// The queue over HTTP. What needs the active manager gets 503 from the <see cref="Standby"/>: the caller's next try reaches the other
/// replica.
/// </summary>
public static class QueueEndpoints
{
    /// <summary>Maps the queue.</summary>
    public static void MapQueue(this IEndpointRouteBuilder routes)
    {
        var active = routes.MapGroup("").WithMetadata(new ActiveOnlyAttribute());
        active.MapPost("/leases", LeaseAsync);
        active.MapPost("/leases/{lease}/items/{id}/renew", Renew);
        active.MapPost("/leases/{lease}/items/{id}/end", EndAsync);
        active.MapGet("/demand", (WorkQueue queue) => TypedResults.Ok(queue.MeasureDemand()));
        active.MapPost("/dead-letters/{id}/replay", ReplayAsync);
        // The book is in Dapr state: either replica can read from it.
        routes.MapGet("/items", async (ItemBook book, CancellationToken cancel) => TypedResults.Ok(await book.LoadAsync(cancel)));
        routes.MapGet("/items/{id}", ItemAsync);
        routes.MapGet("/stats", StatsAsync);
        routes.MapGet("/dead-letters", async (ItemBook book, CancellationToken cancel) =>
            TypedResults.Ok((await book.LoadAsync(cancel)).Where(i => i.State == ItemState.Dead)));
    }

    private static async Task<Results<Ok<WorkItem>, ProblemHttpResult>> ItemAsync(string id, ItemBook book, CancellationToken cancel) =>
        await book.FindAsync(id, cancel) is { } item ? TypedResults.Ok(item) : Unknown(id);

    private static async Task<Ok<Dictionary<string, int>>> StatsAsync(
        ActiveManager manager, WorkQueue queue, ItemBook book, CancellationToken cancel)
    {
        var counts = manager.IsActive ? queue.Count() : (await book.LoadAsync(cancel)).CountBy(i => i.State).ToDictionary();
        return TypedResults.Ok(
            Enum.GetValues<ItemState>().ToDictionary(s => s.ToString().ToLowerInvariant(), s => counts.GetValueOrDefault(s)));
    }

    private static async Task<Results<Ok<ItemLease>, NoContent, ValidationProblem>> LeaseAsync(
        LeaseRequest request, WorkQueue queue, CancellationToken cancel)
    {
        if (request.Worker is not { Length: > 0 and <= 100 } worker)
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { ["worker"] = ["Give a name of 1 to 100 characters."] });
        return await queue.LeaseAsync(worker, cancel) is { } lease ? TypedResults.Ok(lease) : TypedResults.NoContent();
    }

    private static Results<NoContent, ProblemHttpResult> Renew(string lease, string id, WorkQueue queue) =>
        queue.Renew(id, lease) ? TypedResults.NoContent() : queue.Knows(id) ? Lost(id) : Unknown(id);

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        string lease, string id, LeaseEnd end, WorkQueue queue, CancellationToken cancel)
    {
        // Whoever ends a lease has done its work: the record is written even where the caller has gone away meanwhile.
        var item = end.HandedBack
            ? await queue.HandBackAsync(id, lease, CancellationToken.None)
            : end.Failure is { } reason
            ? await queue.FailAsync(id, lease, reason.Length > 500 ? reason[..500] : reason, CancellationToken.None)
            : await queue.FinishAsync(id, lease, CancellationToken.None);
        return item is null ? Unknown(id) : item.Lease == lease && item.State != ItemState.Leased ? TypedResults.NoContent() : Lost(id);
    }

    private static async Task<Results<Ok<WorkItem>, ProblemHttpResult>> ReplayAsync(string id, WorkQueue queue, CancellationToken cancel) =>
        await queue.ReplayAsync(id, cancel) switch
        {
            (null, _) => Unknown(id),
            (var item, true) => TypedResults.Ok(item),
            (var item, false) => TypedResults.Problem(
                statusCode: 409, title: $"Item '{id}' is {item.State.ToString().ToLowerInvariant()}, no dead letter.",
                detail: "GET /dead-letters lists what can be replayed.", type: "not-dead"),
        };

    private static ProblemHttpResult Unknown(string id) =>
        TypedResults.Problem(statusCode: 404, title: $"There is no item '{id}'.", detail: "GET /items lists all.", type: "item-not-found");

    private static ProblemHttpResult Lost(string id) =>
        TypedResults.Problem(
            statusCode: 409,
            title: $"The lease of '{id}' is lost.",
            detail: "It was not renewed in time. Stop working on the item: somebody else has it.",
            type: "lease-lost");
}
