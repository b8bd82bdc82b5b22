namespace Samples.Experiments.Functions;

/// <summary>More decorators for more work; the API behind them is what it was.</summary>
internal sealed class ScalePhase(IFaults faults, FunctionsView view)
{
    private const int Decorators = 3, Requests = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        var before = await view.ReplicasAsync("user-api", cancel);
        await faults.ScaleAsync("decorator", Decorators, cancel);
        var working = 0;
        await view.WaitAsync(Patience, async () =>
        {
            for (var i = 0; i < Requests; i++)
                await view.PostAsync("decorator", "users", new { name = "Ada" }, cancel);
            working = 0;
            foreach (var decorator in await view.ReplicasAsync("decorator", cancel))
                working += (await view.StateAsync(decorator, cancel)).GetProperty("calls").GetInt32() > 0 ? 1 : 0;
            return working == Decorators;
        }, cancel);
        var after = await view.ReplicasAsync("user-api", cancel);
        await faults.ScaleAsync("decorator", 1, cancel);
        var isSame = after.Select(r => r.Pid).SequenceEqual(before.Select(r => r.Pid));
        return new Claim(
            $"decorators scaled to {Decorators}: all of them work, and the API is the same process as before",
            $"{Decorators} decorators, 1 API", $"{working} decorators, {after.Count} API{(isSame ? "" : ", another")}",
            working == Decorators && isSame && after.Count == 1);
    }
}
