using System.Text.RegularExpressions;
using Dapr.Client;
using Samples.FunctionHost;

namespace Samples.TwoFactor;

/// <summary>Accounts in Dapr state, changed by compare-and-swap: of any number of changes at once, one after the other happens.</summary>
public sealed partial class Accounts(DaprClient dapr, CodeOptions options, Switches switches)
{
    // A record outlives all that it counts.
    private readonly Dictionary<string, string> _metadata = new()
    {
        ["ttlInSeconds"] = $"{(options.Locked + options.Valid + options.Between).TotalSeconds:0}",
    };

    /// <summary>Whether it can be the name of an account.</summary>
    public static bool IsName(string? name) => name is not null && Name().IsMatch(name);

    /// <summary>Changes an account as it is when it is written: <paramref name="change"/> is asked again where it lost.</summary>
    /// <param name="name">Whose.</param>
    /// <param name="change">The new record, or null to leave it as it is; and what the caller wants to know.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<T> ChangeAsync<T>(string name, Func<Account, (Account? New, T Outcome)> change, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (account, etag) = await dapr.GetStateAndETagAsync<Account?>(options.Store, KeyOf(name), cancellationToken: cancel);
            var (changed, outcome) = change(account ?? Account.New);
            if (changed is null || await TryWriteAsync(name, changed, etag ?? "", cancel))
                return outcome;
            // Many at once: not all again in the same moment.
            await Task.Delay(Random.Shared.Next(Math.Min(50, 2 * attempt)), cancel);
        }
    }

    private async Task<bool> TryWriteAsync(string name, Account account, string etag, CancellationToken cancel)
    {
        if (switches.ETags)
            return await dapr.TryWriteAsync(options.Store, KeyOf(name), account, etag, _metadata, cancel);
        await dapr.SaveStateAsync(options.Store, KeyOf(name), account, metadata: _metadata, cancellationToken: cancel);
        return true;
    }

    private static string KeyOf(string name) => $"codes-{name}";

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex Name();
}
