using Dapr.Client;
using Samples.FunctionHost;

namespace Samples.Audit;

/// <summary>Records each sign-up once, with the time at which it was seen first.</summary>
public sealed class RecordSignUp(DaprClient dapr, FunctionOptions options, TimeProvider time) : IFunction
{
    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        if (call.Route["id"] is string asked)
        {
            return await dapr.GetStateAsync<SignUpRecord?>(options.Store, KeyOf(asked), cancellationToken: cancel) is { } found
                ? Results.Ok(found)
                : Results.Problem(statusCode: 404, type: "not-recorded", title: $"There is no record of '{asked}'.");
        }

        if (call.Text("id") is not { } id)
            throw new FormatException("The event has no user: id is missing.");
        await dapr.TryWriteAsync(
            options.Store, KeyOf(id), new SignUpRecord(id, call.Id, time.GetUtcNow()), "", metadata: null, cancel);
        return null;
    }

    private static string KeyOf(string id) => $"audit-{id}";
}

/// <summary>That somebody signed up.</summary>
public sealed record SignUpRecord(string Id, string Event, DateTimeOffset At);
