namespace Samples.Benchmarks.Runtime;

/// <summary>A caller's and an application's sidecar, whoever made them.</summary>
/// <param name="processes">Where they run: one process for both, or one each.</param>
internal sealed class SidecarPair(IReadOnlyList<Peer> processes, int callerPort, int appPort) : IAsyncDisposable
{
    /// <summary>The caller's sidecar.</summary>
    public HttpClient Caller { get; } = SidecarProgram.Client(callerPort);

    /// <summary>The application's sidecar.</summary>
    public HttpClient App { get; } = SidecarProgram.Client(appPort);

    /// <summary>Processor time of both together.</summary>
    public TimeSpan ProcessorTime => processes.Aggregate(TimeSpan.Zero, (sum, p) => sum + p.ProcessorTime);

    /// <summary>Resident memory of both together, in bytes.</summary>
    public long Memory => processes.Sum(p => p.Memory);

    /// <summary>Both in one process of the embedded runtime.</summary>
    public static async Task<SidecarPair> StartEmbeddedAsync(int appPort, string folder, CancellationToken cancel)
    {
        var (peer, ports) = await Peer.StartOwnAsync(["serve-runtime", $"{appPort}", folder], cancel);
        int[] both = [.. ports.Split(' ').Select(int.Parse)];
        return new SidecarPair([peer], both[0], both[1]);
    }

    /// <summary>A process each.</summary>
    public static async Task<SidecarPair> StartAsync(SidecarProgram program, int appPort, string folder, CancellationToken cancel)
    {
        var ports = SidecarProgram.FreePorts(6);
        var app = await program.StartAsync(
            folder, "app", ports[..3], ["--app-port", $"{appPort}", "--app-channel-address", "127.0.0.1"], cancel);
        var caller = await program.StartAsync(folder, "caller", ports[3..], [], cancel);
        return new SidecarPair([app, caller], ports[3], ports[0]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Caller.Dispose();
        App.Dispose();
        await Task.WhenAll(processes.Select(p => p.DisposeAsync().AsTask()));
    }
}
