using System.Globalization;

namespace Samples.Experiments.EventDriven;

/// <summary>How evenly the sharder spreads keys over its topics.</summary>
internal sealed class SpreadPhase(FlowView view)
{
    private const int Keys = 100_000, Shards = 4;
    private const double Even = 0.05;

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        string[] keys = [.. Enumerable.Range(0, Keys).Select(i => $"customer-{i.ToString(CultureInfo.InvariantCulture)}")];
        var shares = await view.SharesAsync(keys, cancel);
        var mean = (double)Keys / Shards;
        var worst = shares.Values.Select(s => Math.Abs(s - mean) / mean).DefaultIfEmpty(1).Max();
        return new Claim(
            $"{Keys} customers over {Shards} shards: the share of each", $"within {Even:P0} of even",
            $"{string.Join(", ", shares.Values)} ({worst:P1} off)", shares.Count == Shards && worst <= Even);
    }
}
