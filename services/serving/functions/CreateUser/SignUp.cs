using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapr.Client;
using Samples.FunctionHost;

namespace Samples.CreateUser;

/// <summary>
/// Signs a user up and publishes <c>user-created</c>. Both follow from the address alone: who has heard no answer asks again, and gets the
/// same user and the same event, which the handlers drop where they have it already. So the state and the topic agree in the end although
/// no transaction holds both.
/// </summary>
public sealed partial class SignUp(DaprClient dapr, FunctionOptions options) : IFunction
{
    private const string Topic = "user-created";

    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        if (call.Text("email") is not { Length: <= 254 } email || !Address().IsMatch(email))
            return Wrong("email", "Give an address such as ada@example.org.");
        if (NewsletterOf(call.Data) is not { } newsletter)
            return Wrong("newsletter", "Give true or false, or leave it out.");
        var user = new SignedUp(IdOf(email), email, newsletter);
        // An empty ETag: only where there is none yet. What the first one said stays.
        var isNew = await dapr.TryWriteAsync(options.Store, $"signed-up-{user.Id}", user, "", metadata: null, cancel);
        if (!isNew)
            user = await dapr.GetStateAsync<SignedUp>(options.Store, $"signed-up-{user.Id}", cancellationToken: cancel) ?? user;
        await dapr.PublishEventAsync(
            options.PubSub, Topic, user, new Dictionary<string, string> { ["cloudevent.id"] = $"{Topic}-{user.Id}" }, cancel);
        return isNew ? Results.Created($"/sign-ups/{user.Id}", user) : Results.Ok(user);
    }

    internal static string IdOf(string email) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(email.Trim().ToLowerInvariant())))[..24];

    // Null for what is no answer to the question.
    private static bool? NewsletterOf(JsonElement data) => !data.TryGetProperty("newsletter", out var asked)
        ? false
        : asked.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    private static IResult Wrong(string member, string cure) =>
        Results.ValidationProblem(new Dictionary<string, string[]> { [member] = [cure] });

    [GeneratedRegex(@"\A[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+\z")]
    private static partial Regex Address();
}

/// <summary>Who signed up: the payload of <c>user-created</c>.</summary>
public sealed record SignedUp(string Id, string Email, bool Newsletter);
