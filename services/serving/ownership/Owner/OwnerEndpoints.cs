namespace Samples.Owner;

/// <summary>Whether this replica owns a task now.</summary>
/// <param name="Mechanism">The mechanism, which is also the task's name.</param>
/// <param name="Owns">True within the lease.</param>
/// <param name="Term">The term, where it owns.</param>
/// <param name="Seconds">How much longer the lease lasts.</param>
public sealed record OwnershipReport(string Mechanism, bool Owns, long? Term, double Seconds);

/// <summary>What one replica knows of itself.</summary>
public static class OwnerEndpoints
{
    /// <summary>Maps them.</summary>
    public static void MapOwner(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(
            "/ownerships",
            (IEnumerable<Ownership> mechanisms, TimeProvider time) => TypedResults.Ok(mechanisms.Select(m => Report(m, time))))
            .WithSummary("Which tasks this replica owns now.");
        routes.MapGet("/beliefs", (BeliefHistory history) => TypedResults.Ok(history.Read()))
            .WithSummary("What this replica has believed so far, earlier lives included.");
    }

    private static OwnershipReport Report(Ownership ownership, TimeProvider time)
    {
        var lease = ownership.Lease;
        var left = lease is null ? 0 : (lease.Until - time.Monotonic()).TotalSeconds;
        return left > 0
            ? new OwnershipReport(ownership.Mechanism, true, lease!.Term, left)
            : new OwnershipReport(ownership.Mechanism, false, null, 0);
    }
}
