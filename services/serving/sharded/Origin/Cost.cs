namespace Samples.Origin;

/// <summary>How slow to be.</summary>
/// <param name="Ms">Milliseconds for each answer.</param>
public sealed record CostRequest(double Ms);

/// <summary>
/// What an answer costs: this store stands for one that computes, joins, or asks somebody else. It can be set while it runs where the
/// setting FAULTS says so.
/// </summary>
public sealed class Cost(OriginOptions options, TimeProvider time)
{
    /// <summary>At most.</summary>
    public const int MostMs = 60_000;

    private double _ms = options.Cost.TotalMilliseconds;

    /// <summary>Takes as long as an answer costs.</summary>
    public Task PayAsync(CancellationToken cancel)
    {
        var ms = Volatile.Read(ref _ms);
        return ms > 0 ? Task.Delay(TimeSpan.FromMilliseconds(ms), time, cancel) : Task.CompletedTask;
    }

    /// <summary>Maps <c>PUT /cost</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/cost", IResult (CostRequest request, Cost cost) =>
    {
        if (!(request.Ms is >= 0 and <= MostMs))
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { ["ms"] = [$"Give milliseconds between 0 and {MostMs}."] });
        Volatile.Write(ref cost._ms, request.Ms);
        return TypedResults.NoContent();
    });
}
