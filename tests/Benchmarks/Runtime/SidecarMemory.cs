using System.Net.Http.Json;

namespace Samples.Benchmarks.Runtime;

/// <summary>
/// What many sidecars take of a machine's memory, each after a first call: all in one process, one process each, and as many daprds.
/// </summary>
internal sealed class SidecarMemory(string folder, Action<Finding> report, CancellationToken cancel)
{
    private const int Together = 5;
    private static readonly int[] InOneProcess = [1, 10, 50], AProcessEach = [1, 10];

    /// <summary>Measures; without a daprd the rows say so.</summary>
    public async Task CompareAsync(SidecarProgram? daprd)
    {
        foreach (var count in InOneProcess)
        {
            var ours = await EmbeddedAsync(count);
            var separate = AProcessEach.Contains(count) ? await ProcessesAsync(SidecarProgram.DropIn, count) : (Footprint?)null;
            var theirs = daprd is null ? (Footprint?)null : await ProcessesAsync(daprd, count);
            Report($"resident memory of {count} in one process", ours.Resident, theirs?.Resident, count >= 10 ? 0.2 : null);
            Report($"the same, pages that processes share counted once, {count} in one process", ours.Proportional, theirs?.Proportional);
            if (separate is not { } one)
                continue;
            Report($"resident memory of {count}, one a process", one.Resident, theirs?.Resident);
            Report($"the same, pages that processes share counted once, {count}, one a process", one.Proportional, theirs?.Proportional);
        }
    }

    private void Report(string what, long ours, long? theirs, double? atMost = null) => report(theirs is not { } peer
        ? new Finding(what, ours / 1e6, double.NaN, "MB") { Bound = "no daprd to compare with: DAPRD names none." }
        : atMost is { } ratio ? Finding.AtMost(ratio, $"{what}, to as many daprds", ours / 1e6, peer / 1e6, "MB")
        : new Finding($"{what}, to as many daprds", ours / 1e6, peer / 1e6, "MB"));

    private async Task<Footprint> EmbeddedAsync(int count)
    {
        var (peer, line) = await Peer.StartOwnAsync(["serve-sidecars", $"{count}", folder], cancel);
        await using var stop = peer;
        await Task.WhenAll(line.Split(' ').Select(port => UseAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture))));
        return new Footprint(peer.Memory, peer.ProportionalMemory);
    }

    private async Task<Footprint> ProcessesAsync(SidecarProgram program, int count)
    {
        var peers = new List<Peer>();
        try
        {
            foreach (var some in Enumerable.Range(0, count).Chunk(Together))
                peers.AddRange(await Task.WhenAll(some.Select(StartAsync)));
            return new Footprint(peers.Sum(p => p.Memory), peers.Sum(p => p.ProportionalMemory));
        }
        finally
        {
            await Task.WhenAll(peers.Select(p => p.DisposeAsync().AsTask()));
        }

        async Task<Peer> StartAsync(int number)
        {
            var ports = SidecarProgram.FreePorts(3);
            var peer = await program.StartAsync(folder, $"app-{number}", ports, [], cancel);
            await UseAsync(ports[0]);
            return peer;
        }
    }

    // At rest a sidecar is what it loaded for its work.
    private async Task UseAsync(int port)
    {
        using var sidecar = SidecarProgram.Client(port);
        using var saved = await sidecar.PostAsJsonAsync("/v1.0/state/memory", new[] { new { key = "k", value = 1 } }, cancel);
        saved.EnsureSuccessStatusCode();
        await sidecar.GetStringAsync("/v1.0/state/memory/k", cancel);
        await sidecar.GetStringAsync("/v1.0/metadata", cancel);
    }

    private readonly record struct Footprint(long Resident, long Proportional);
}
