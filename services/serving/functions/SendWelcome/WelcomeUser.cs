using Dapr.Client;
using Samples.FunctionHost;

namespace Samples.SendWelcome;

/// <summary>
/// Sends the welcome, through the output binding <c>mail</c>. The mail has a key that follows from the event: where this process dies
/// after the mail has left and before that is noted, it is sent again under the same key, and who delivers it tells the double by that.
/// </summary>
public sealed class WelcomeUser(DaprClient dapr, IConfiguration configuration) : IFunction
{
    private readonly string _binding = configuration["MAIL_BINDING"] ?? "mail";

    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        var (id, email) = (call.Text("id"), call.Text("email"));
        if (id is null || email is null)
            throw new FormatException("The event has no user: id and email are missing.");
        await dapr.InvokeBindingAsync(
            _binding, "create", $"Welcome, {email}!",
            new Dictionary<string, string>
            {
                // Of SMTP, and of a folder of files, in which a name is there once.
                ["emailTo"] = email, ["subject"] = "Welcome", ["fileName"] = $"{id}/{call.Id}.txt",
            },
            cancel);
        return null;
    }
}
