using Samples.FunctionHost;

namespace Samples.TwoFactor;

/// <summary>
/// Checks a code. What came of an attempt is written before it is told, by compare-and-swap: of any number at once, at most one is
/// accepted, and no wrong one goes uncounted.
/// </summary>
public sealed class CheckCode(Accounts accounts, CodeOptions options, Switches switches, TimeProvider time) : IFunction
{
    /// <summary>What came of an attempt.</summary>
    internal enum Outcome
    {
        /// <summary>It was the code; it is used up.</summary>
        Accepted,

        /// <summary>It was not, and counts.</summary>
        Wrong,

        /// <summary>Nobody looked: there were too many wrong ones.</summary>
        Locked,

        /// <summary>There is no code to be compared with.</summary>
        NoCode,
    }

    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        var (account, code) = (call.Text("account"), call.Text("code"));
        if (!Accounts.IsName(account))
            return Malformed("account", "Give a name of 1 to 64 small letters, digits, '.', '_' and '-'.");
        // A typing mistake that can be seen costs no try. Digits of other scripts are none here, and a number lost its zeros.
        if (code is not { Length: Account.Digits } || !code.All(char.IsAsciiDigit))
            return Malformed("code", $"Give {Account.Digits} digits as a text, zeros at the front included.");
        return (await accounts.ChangeAsync(account!, known => Check(known, code, time.GetUtcNow()), cancel)) switch
        {
            (Outcome.Accepted, _, _) => Results.Ok(new { accepted = true }),
            (Outcome.Wrong, var left, _) => Results.Problem(
                statusCode: 403, type: "wrong-code", title: "That is not the code.",
                detail: left > 0 ? $"Attempts left: {left}." : "That was the last attempt."),
            (Outcome.Locked, _, var wait) => new TooSoon(wait, "locked", "There were too many wrong attempts."),
            _ => Results.Problem(
                statusCode: 410, type: "no-code", title: "There is no code that could be used.",
                detail: "It was used, it has expired, or there never was one. POST /codes sends one."),
        };
    }

    internal (Account? Changed, (Outcome Outcome, int Left, TimeSpan Wait) Told) Check(Account known, string code, DateTimeOffset now)
    {
        var tries = switches.Tries ? known.TriesAt(now, options.Locked) : 0;
        if (tries >= options.MaxTries)
            return (null, (Outcome.Locked, 0, options.Locked - (now - known.LastTry)));
        var isRight = known.Is(code);
        if (known.Hash is null || now - known.SentAt >= options.Valid)
            return (null, (Outcome.NoCode, 0, default));
        return isRight
            ? (known with { Hash = null, Salt = null, Tries = 0 }, (Outcome.Accepted, 0, default))
            : (known with { Tries = tries + 1, LastTry = now }, (Outcome.Wrong, options.MaxTries - tries - 1, default));
    }

    private static IResult Malformed(string member, string cure) =>
        Results.ValidationProblem(new Dictionary<string, string[]> { [member] = [cure] });
}
