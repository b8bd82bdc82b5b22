namespace Samples.SearchLeaf;

/// <summary>How slow to be, on purpose.</summary>
/// <param name="DelayMs">Milliseconds to wait before each answer; 0 heals.</param>
public sealed record SlownessRequest(int DelayMs);

/// <summary>
/// A fault for experiments: a machine with a failing disk or a greedy neighbour still answers, only slowly. Mapped only where the
/// setting FAULTS says so.
/// </summary>
public sealed class Slowness(TimeProvider time)
{
    private const int Most = 60_000;
    private int _delayMs;

    /// <summary>Maps <c>PUT /fault</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/fault", IResult (SlownessRequest request, Slowness slowness) =>
    {
        if (request.DelayMs is < 0 or > Most)
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { ["delayMs"] = [$"Give milliseconds between 0 and {Most}."] });
        Volatile.Write(ref slowness._delayMs, request.DelayMs);
        return TypedResults.NoContent();
    });

    /// <summary>An endpoint filter: waits as long as was asked for.</summary>
    public async ValueTask<object?> DelayAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (Volatile.Read(ref _delayMs) is > 0 and var delay)
            await Task.Delay(TimeSpan.FromMilliseconds(delay), time, context.HttpContext.RequestAborted);
        return await next(context);
    }
}
