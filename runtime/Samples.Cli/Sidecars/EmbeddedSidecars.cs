using Samples.Lab;
using Samples.Runtime;
using Samples.Runtime.Resources;

namespace Samples.Cli.Sidecars;

/// <summary>Sidecars inside the command.</summary>
internal sealed class EmbeddedSidecars(DaprRuntime runtime) : ISidecars
{
    public async Task<ISidecar> AddAsync(SidecarPlace place, CancellationToken cancel) =>
        new Embedded(runtime, await runtime.AddSidecarAsync(OptionsOf(place), cancel));

    public Task ConfigureAsync(string data, string key, string value, CancellationToken cancel) =>
        ConfigurationFile.SetAsync(data, key, value, cancel);

    public ValueTask DisposeAsync() => runtime.DisposeAsync();

    private static SidecarOptions OptionsOf(SidecarPlace place) => new(place.Entry.AppId)
    {
        AppPort = place.AppPort,
        AppProtocol = place.Entry.AppProtocol,
        HttpPort = place.HttpPort,
        GrpcPort = place.GrpcPort,
        ResourcePaths = place.Entry.ResourcePaths,
        ConfigurationFile = place.Entry.ConfigurationFile,
        AppHealthCheck = place.Entry.HealthCheck,
        Variables = new Dictionary<string, string> { ["dataDir"] = place.Data },
        BaseDirectory = place.Entry.Directory,
        DataDirectory = place.Data,
        MaxConcurrency = place.Entry.MaxConcurrency,
        MaxBodySize = place.Entry.MaxBodySize,
        ApiLogging = place.Entry.ApiLogging,
        ApiToken = place.Entry.ApiToken,
        AppToken = place.Entry.AppToken,
    };

    private sealed class Embedded(DaprRuntime runtime, Sidecar first) : ISidecar
    {
        private const int Attempts = 40;
        private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(50);

        // On the same ports always, also after one that could not be started.
        private readonly SidecarOptions _options = first.Options with { HttpPort = first.HttpPort, GrpcPort = first.GrpcPort };
        private volatile Sidecar _sidecar = first;

        public int HttpPort => _options.HttpPort;

        public int GrpcPort => _options.GrpcPort;

        public bool AppReady => _sidecar.AppReady;

        // The runtime adds none that does not answer.
        public Task WaitForApiAsync(CancellationToken cancel) => Task.CompletedTask;

        public Task WaitForAppAsync(CancellationToken cancel) => _sidecar.WaitForAppAsync(cancel);

        public async Task RestartAsync(CancellationToken cancel)
        {
            await runtime.RemoveSidecarAsync(_sidecar);
            // A process that is being started holds all that this one has open between its fork and its exec: also ports that were just
            // closed.
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    _sidecar = await runtime.AddSidecarAsync(_options, cancel);
                    return;
                }
                catch (ResourceException) when (attempt < Attempts)
                {
                    await Task.Delay(BetweenAttempts, cancel);
                }
            }
        }

        public async ValueTask DisposeAsync() => await runtime.RemoveSidecarAsync(_sidecar);
    }
}
