using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.HealthAdapter;

/// <summary>
/// The one interface that all databases show here. A probe that asks gets what is known; nobody who asks makes a database work.
/// <c>/readyz</c> says the same to Kubernetes; <c>/healthz</c> does not ask the database: an application is not made well by restarting it
/// because its database is ill.
/// </summary>
internal static class HealthEndpoints
{
    /// <summary>Maps <c>/health</c>, and one of its own for each database.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes, IReadOnlyList<Check> checks)
    {
        routes.MapGet("/health", () => TypedResults.Json(
            checks.ToDictionary(c => c.Name, c => c.View), statusCode: CheckLoop.ProblemOf(checks) is null ? 200 : 503));
        routes.MapGet("/health/{name}", Results<JsonHttpResult<CheckView>, NotFound> (string name) =>
            checks.FirstOrDefault(c => c.Name == name) is { View: var view }
                ? TypedResults.Json(view, statusCode: view.Healthy == true ? 200 : 503)
                : TypedResults.NotFound());
    }
}
