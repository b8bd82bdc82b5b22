using Dapr.Client;
using Samples.FunctionHost;

namespace Samples.SubscribeNewsletter;

/// <summary>Subscribes a new user, where that was asked for: for all others the sidecar does not even call.</summary>
public sealed class SubscribeUser(DaprClient dapr, FunctionOptions options) : IFunction
{
    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        if (call.Route["id"] is string asked)
        {
            return await dapr.GetStateAsync<Subscriber?>(options.Store, $"subscriber-{asked}", cancellationToken: cancel) is { } found
                ? Results.Ok(found)
                : Results.Problem(
                    statusCode: 404, type: "not-subscribed", title: $"'{asked}' is not subscribed.",
                    detail: "Sign up with \"newsletter\": true.");
        }

        if (call.Text("id") is not { } id || call.Text("email") is not { } email)
            throw new FormatException("The event has no user: id and email are missing.");
        // Written twice it says the same.
        await dapr.SaveStateAsync(options.Store, $"subscriber-{id}", new Subscriber(id, email), cancellationToken: cancel);
        return null;
    }
}

/// <summary>Who gets the newsletter.</summary>
public sealed record Subscriber(string Id, string Email);
