using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.UserApi;

/// <summary>The API as it was before anybody wanted defaults: it asks for a name and a colour, and takes what else there is.</summary>
public static class UserEndpoints
{
    private static readonly string[] Required = ["name", "colour"];

    /// <summary>Maps the users.</summary>
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/users", AddAsync).WithSummary("Keep a user.");
        routes.MapGet("/users/{id}", FindAsync).WithSummary("A user as it was kept.");
    }

    private static async Task<Results<Created<AddedUser>, ValidationProblem>> AddAsync(
        JsonElement user, Users users, CancellationToken cancel)
    {
        if (user.ValueKind != JsonValueKind.Object)
            return Wrong("body", "Send a JSON object.");
        foreach (var member in Required)
        {
            if (!user.TryGetProperty(member, out var value) || value.ValueKind != JsonValueKind.String || value.GetString() is "")
                return Wrong(member, "Give a text that is not empty.");
        }

        var id = await users.AddAsync(user, cancel);
        return TypedResults.Created($"/users/{id}", new AddedUser(id, user));
    }

    private static async Task<Results<Ok<JsonElement>, ProblemHttpResult>> FindAsync(string id, Users users, CancellationToken cancel) =>
        await users.FindAsync(id, cancel) is { } user
            ? TypedResults.Ok(user)
            : TypedResults.Problem(
                statusCode: 404, type: "user-not-found", title: $"There is no user '{id}'.", detail: "POST /users answers with the id.");

    private static ValidationProblem Wrong(string member, string cure) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [member] = [cure] });
}

/// <summary>A user that was kept.</summary>
public sealed record AddedUser(string Id, JsonElement User);
