using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Dapr;
using Dapr.Client;
using Samples.FunctionHost;

namespace Samples.TwoFactor;

/// <summary>Makes a code for an account and sends it. The older one is worth nothing from then on.</summary>
public sealed partial class SendCode(Accounts accounts, DaprClient dapr, CodeOptions options, TimeProvider time) : IFunction
{
    private const int SaltBytes = 16;

    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        var (account, phone) = (call.Text("account"), call.Text("phone"));
        if (!Accounts.IsName(account))
            return Wrong("account", "Give a name of 1 to 64 small letters, digits, '.', '_' and '-'.");
        if (phone is null || !Phone().IsMatch(phone))
            return Wrong("phone", "Give a number as +491701234567 (E.164).");

        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6");
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var now = time.GetUtcNow();
        var (number, wait) = await accounts.ChangeAsync<(int, TimeSpan)>(account!, known => Make(known, code, salt, now), cancel);
        if (wait > TimeSpan.Zero)
            return new TooSoon(wait, "code-just-sent", "A code was sent a moment ago.");
        try
        {
            await SendAsync(account!, phone, code, number, cancel);
        }
        catch (DaprException error)
        {
            // Nobody has that code, and who asks again shall not wait for it.
            await accounts.ChangeAsync(account!, known => (known.Number == number ? known.WithoutCode() : null, 0), cancel);
            return Results.Problem(
                statusCode: 502, type: "not-sent", title: "The code could not be sent.", detail: error.GetBaseException().Message);
        }

        return Results.Accepted(value: new SentCode(number, options.Valid.TotalSeconds));
    }

    private (Account?, (int, TimeSpan)) Make(Account known, string code, byte[] salt, DateTimeOffset now)
    {
        var since = now - known.SentAt;
        if (since < options.Between)
            return (null, (known.Number, options.Between - since));
        var made = known.WithCode(code, salt, now);
        return (made, (made.Number, TimeSpan.Zero));
    }

    // What Twilio needs, and what a folder of files does: each takes its own.
    private Task SendAsync(string account, string phone, string code, int number, CancellationToken cancel) => dapr.InvokeBindingAsync(
        options.Sms, "create", $"{code} is your code. Nobody of us will ask you for it.",
        new Dictionary<string, string> { ["toNumber"] = phone, ["fileName"] = $"{account}-{number}.txt" }, cancel);

    private static IResult Wrong(string member, string cure) =>
        Results.ValidationProblem(new Dictionary<string, string[]> { [member] = [cure] });

    [GeneratedRegex(@"\A\+[1-9][0-9]{6,14}\z")]
    private static partial Regex Phone();
}

/// <summary>A code is on its way.</summary>
/// <param name="Number">Which of the account's.</param>
/// <param name="ValidSeconds">How long it can be used.</param>
public sealed record SentCode(int Number, double ValidSeconds);
