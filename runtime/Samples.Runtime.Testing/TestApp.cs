using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Testing;

/// <summary>An application of a test, with its sidecar.</summary>
public sealed class TestApp
{
    private readonly TestDapr _dapr;
    private readonly Sidecar _sidecar;
    private readonly Lazy<HttpClient> _http;
    private readonly Lazy<HttpClient> _api;
    private HostedApp? _hosted;

    internal TestApp(TestDapr dapr, Sidecar sidecar, ReservedPort port)
    {
        _dapr = dapr;
        _sidecar = sidecar;
        Port = port;
        _http = new(() => new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{AppPort}") });
        _api = new(() => new HttpClient { BaseAddress = new Uri(HttpEndpoint) });
        Environment = new Dictionary<string, string>
        {
            ["APP_ID"] = AppId,
            ["APP_PORT"] = $"{AppPort}",
            ["DAPR_HTTP_PORT"] = $"{sidecar.HttpPort}",
            ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcPort}",
            ["DAPR_HTTP_ENDPOINT"] = HttpEndpoint,
            ["DAPR_GRPC_ENDPOINT"] = GrpcEndpoint,
            ["DAPR_API_TOKEN"] = sidecar.Options.ApiToken ?? "",
            ["APP_API_TOKEN"] = sidecar.Options.AppToken ?? "",
        }.Where(variable => variable.Value.Length > 0).ToDictionary();
    }

    /// <summary>The application's id.</summary>
    public string AppId => _sidecar.AppId;

    /// <summary>Where the sidecar looks for the application, on loopback.</summary>
    public int AppPort => Port.Number;

    /// <summary>The sidecar's HTTP API, for example for a <c>DaprClientBuilder</c>.</summary>
    public string HttpEndpoint => $"http://127.0.0.1:{_sidecar.HttpPort}";

    /// <summary>The sidecar's gRPC API.</summary>
    public string GrpcEndpoint => $"http://127.0.0.1:{_sidecar.GrpcPort}";

    /// <summary>What <c>dapr run</c> would tell the application in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>A client of the application itself, past the sidecar.</summary>
    public HttpClient Http => _http.Value;

    /// <summary>A client of the sidecar's HTTP API, as the application has it: <c>/v1.0/state/...</c>.</summary>
    public HttpClient SidecarHttp => _api.Value;

    /// <summary>The application's services, where it runs in the test's process.</summary>
    public IServiceProvider Services => _hosted?.Services
        ?? throw new TestDaprException($"the services of '{AppId}' are out of reach: this test does not host it in its own process.");

    /// <summary>A state store as this application has it.</summary>
    public TestState State(string store) => _dapr.OpenState(store, AppId);

    /// <summary>What one actor of this application keeps in a state store.</summary>
    public TestState ActorState(string store, string actorType, string actorId) =>
        _dapr.OpenState(store, AppId, $"{AppId}||{actorType}||{actorId}||");

    /// <summary>The next event of a topic that the sidecar brought to the application, and that was not asked for yet.</summary>
    public Task<Delivery> ReceivesEventAsync(string topic, CancellationToken cancel = default) =>
        ReceivesAsync(DeliveryKind.Event, topic, cancel);

    /// <summary>The next run of a job that was not asked for yet.</summary>
    public Task<Delivery> ReceivesJobAsync(string job, CancellationToken cancel = default) =>
        ReceivesAsync(DeliveryKind.Job, job, cancel);

    /// <summary>The next event of an input binding (a tick of cron, for example) that was not asked for yet.</summary>
    public Task<Delivery> ReceivesBindingAsync(string binding, CancellationToken cancel = default) =>
        ReceivesAsync(DeliveryKind.Binding, binding, cancel);

    /// <summary>Completes when the application listens and has its subscriptions, bindings and actors.</summary>
    /// <exception cref="TestDaprException">It does not listen; the message says what it should do.</exception>
    public async Task WhenReadyAsync(CancellationToken cancel = default)
    {
        _sidecar.LookForApp();
        var ready = _sidecar.WaitForAppAsync(cancel);
        var ended = _hosted?.Ended ?? Task.Delay(Timeout.Infinite, cancel);
        if (await Task.WhenAny(ready, ended, Task.Delay(_dapr.Patience, cancel)) != ready && !ready.IsCompleted)
        {
            cancel.ThrowIfCancellationRequested();
            var why = ended is Task<string> { IsCompleted: true } said
                ? await said
                : $"nobody does after {_dapr.Patience.TotalSeconds:0} s";
            throw new TestDaprException(
                $"application '{AppId}' does not listen on 127.0.0.1:{AppPort}: {why}. A program in its own process listens on APP_PORT; "
                + "a host of the test's own calls UseSidecar(app) on its web host builder, and a WebApplicationFactory UseKestrel() and "
                + "StartServer().");
        }

        await ready;
    }

    /// <summary>Ends the application; its sidecar stays, and finds that it is gone.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _hosted, null) is { } hosted)
            await hosted.DisposeAsync();
    }

    internal ReservedPort Port { get; }

    internal bool SpeaksGrpc => _sidecar.Options.AppProtocol == "grpc";

    internal async Task HostAsync(Func<TestApp, Task<HostedApp>> start, CancellationToken cancel)
    {
        _hosted = await start(this);
        await WhenReadyAsync(cancel);
    }

    internal async Task EndAsync()
    {
        await StopAsync();
        Port.Dispose();
        if (_http.IsValueCreated)
            Http.Dispose();
        if (_api.IsValueCreated)
            SidecarHttp.Dispose();
    }

    private Task<Delivery> ReceivesAsync(DeliveryKind kind, string name, CancellationToken cancel) =>
        _dapr.TakeDeliveryAsync(kind, AppId, name, cancel);
}
