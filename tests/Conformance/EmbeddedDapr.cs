using Samples.Runtime;

namespace Samples.Conformance;

/// <summary>The embedded runtime, in the test's own process.</summary>
internal sealed class EmbeddedDapr(RuntimeOptions options) : ITestedDapr
{
    private readonly DaprRuntime _runtime = new(options);

    public async Task<ITestedSidecar> AddAsync(SidecarOptions options, CancellationToken cancel) =>
        new EmbeddedSidecar(_runtime, await _runtime.AddSidecarAsync(options, cancel));

    public ValueTask DisposeAsync() => _runtime.DisposeAsync();

    private sealed class EmbeddedSidecar(DaprRuntime runtime, Sidecar sidecar) : ITestedSidecar
    {
        public SidecarOptions Options => sidecar.Options;

        public int HttpPort => sidecar.HttpPort;

        public int GrpcPort => sidecar.GrpcPort;

        public Task ShutdownRequested => sidecar.ShutdownRequested;

        public Task WaitForAppAsync(CancellationToken cancel) => sidecar.WaitForAppAsync(cancel);

        public Task StopAsync() => runtime.RemoveSidecarAsync(sidecar);
    }
}
