using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.QueueManager;

/// <summary>Who asks for an item.</summary>
public sealed record LeaseRequest(string? Worker);

/// <summary>
/// How a lease ended: handed back, with a failure, or, where it was neither, with the item done. A worker that names itself as
/// <paramref name="Next"/> gets its next item in the answer.
/// </summary>
public sealed record LeaseEnd(string? Failure, bool HandedBack = false, string? Next = null);

/// <summary>
/// The queue over HTTP. Dapr is told by <c>/active</c> which replica takes requests; what reaches the other one all the same gets 503
/// from the <see cref="Standby"/>.
/// </summary>
public static class QueueEndpoints
{
    private const int LongestReason = 500;

    /// <summary>Maps the queue.</summary>
    public static void MapQueue(this IEndpointRouteBuilder routes)
    {
        var active = routes.MapGroup("").WithMetadata(new ActiveOnlyAttribute());
        active.MapGet("/active", () => TypedResults.Ok());
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
        if (!IsName(request.Worker))
            return NoName("worker");
        return await queue.LeaseAsync(request.Worker!, cancel) is { } lease ? TypedResults.Ok(lease) : TypedResults.NoContent();
    }

    private static bool IsName(string? worker) => worker is { Length: > 0 and <= 100 };

    private static ValidationProblem NoName(string field) => TypedResults.ValidationProblem(
        new Dictionary<string, string[]> { [field] = ["Give a name of 1 to 100 characters."] });

    private static Results<NoContent, ProblemHttpResult> Renew(string lease, string id, WorkQueue queue) =>
        queue.Renew(id, lease) ? TypedResults.NoContent() : queue.Knows(id) ? Lost(id) : Unknown(id);

    private static async Task<Results<Ok<ItemLease>, NoContent, ValidationProblem, ProblemHttpResult>> EndAsync(
        string lease, string id, LeaseEnd end, WorkQueue queue)
    {
        if (end.Next is not null && !IsName(end.Next))
            return NoName("next");
        // Whoever ends a lease has done its work: the record is written even where the caller has gone away meanwhile.
        var (item, next) = end switch
        {
            { HandedBack: true } => await queue.HandBackAsync(id, lease, CancellationToken.None),
            { Failure: { } reason } => await queue.FailAsync(id, lease, Shorten(reason), end.Next, CancellationToken.None),
            _ => await queue.FinishAsync(id, lease, end.Next, CancellationToken.None),
        };
        if (item is null)
            return Unknown(id);
        if (item.Lease != lease || item.State == ItemState.Leased)
            return Lost(id);
        return next is null ? TypedResults.NoContent() : TypedResults.Ok(next);
    }

    private static string Shorten(string reason) => reason.Length > LongestReason ? reason[..LongestReason] : reason;

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
