using System.Text.Json;
using Xunit;

namespace Samples.Services.Ownership;

/// <summary>Two processes with one name, as two hosts with one configuration are: who owns is a life, not a name.</summary>
public sealed class StandbyProcessTests : IAsyncDisposable
{
    private const string Name = "owner-1", Mechanism = "compare-and-swap";

    private readonly Machine _machine = new();

    [Fact]
    public async Task A_standby_of_the_owner_s_name_that_gets_SIGTERM_leaves_the_owner_its_lease()
    {
        await _machine.StartAsync("Samples.Ledger", "ledger");
        var owner = await StartAsync();
        await _machine.WaitAsync("an owner", async () => await TermAsync(owner) is not null);
        var standby = await StartAsync();
        await _machine.WaitAsync("a standby that has looked", () => Task.FromResult(standby.Log.Length > 0));
        var term = await TermAsync(owner);
        standby.Signal("TERM");
        Assert.Equal(0, await standby.WaitForExitAsync(TimeSpan.FromSeconds(15), Machine.Cancel));
        Assert.Equal((term, (long?)null), (await TermAsync(owner), await BelieverAfterAsync(owner, term)));
    }

    // The next term that anybody believed in, from the history that both share; null where there is none within two leases.
    private static async Task<long?> BelieverAfterAsync(Service owner, long? term)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(2))
        {
            var (_, beliefs) = await owner.AskAsync(HttpMethod.Get, "/beliefs");
            var later = beliefs.EnumerateArray().Where(b => b.GetProperty("mechanism").GetString() == Mechanism)
                .Select(b => b.GetProperty("term").GetInt64()).Where(t => t > term).ToList();
            if (later.Count > 0)
                return later[0];
            await Task.Delay(50, Machine.Cancel);
        }

        return null;
    }

    private Task<Service> StartAsync() =>
        _machine.StartAsync("Samples.Owner", "owner", ("SAMPLES_REPLICA", Name), ("TTL_SECONDS", "1"));

    private static async Task<long?> TermAsync(Service replica)
    {
        var (_, tasks) = await replica.AskAsync(HttpMethod.Get, "/ownerships");
        var own = tasks.EnumerateArray().Single(t => t.GetProperty("mechanism").GetString() == Mechanism);
        return own.GetProperty("term") is { ValueKind: JsonValueKind.Number } term ? term.GetInt64() : null;
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
