using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.Components;

namespace Samples.Runtime.Testing;

/// <summary>
/// Dapr for one test: a machine of its own in the test's process, with components, sidecars on free ports, and the applications beside
/// them. Two of them share nothing, so tests run in parallel. Disposing it stops the applications and leaves nothing behind.
/// </summary>
public sealed class TestDapr : IAsyncDisposable
{
    internal static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(30);

    // A test that moves the clock must not look like a replica that answers no probe.
    private static readonly ActorHealth Patient = new(TimeSpan.FromDays(20), TimeSpan.FromMinutes(5), int.MaxValue);

    private readonly TestResources _resources = new();
    private readonly TestComponents _components = new();
    private readonly Mailbox<Delivery> _deliveries = new();
    private readonly List<TestApp> _apps = [];
    private readonly DaprRuntime _runtime;
    private Func<SidecarOptions, SidecarOptions> _sidecar = options => options;

    /// <summary>A machine without components and applications yet.</summary>
    /// <param name="time">
    /// The clock of reminders, jobs, cron, times to live and resiliency policies: a <see cref="TestClock"/>, or any other. The system's
    /// where it is null.
    /// </param>
    public TestDapr(TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        _runtime = new DaprRuntime(new RuntimeOptions
        {
            Time = Time,
            ActorHealth = Patient,
            Between = _components.Between,
            Delivered = delivery => _deliveries.Add(new Delivery(delivery)),
        });
    }

    /// <summary>The clock; pass it to the application where it has to agree.</summary>
    public TimeProvider Time { get; }

    /// <summary>How long, in real time, anything is waited for before a test that waits in vain fails.</summary>
    public TimeSpan Patience { get; set; } = DefaultPatience;

    /// <summary>The folder in which relative paths of components resolve; it goes with the test.</summary>
    public string Folder => _resources.Folder;

    /// <summary>Adds a component, for the applications that are started from now on.</summary>
    /// <param name="name">What applications call it.</param>
    /// <param name="type">The engine, for example <c>state.in-memory</c>.</param>
    /// <param name="metadata">Its settings, as in a component's YAML.</param>
    public TestDapr WithComponent(string name, string type, params IEnumerable<(string Name, string Value)> metadata)
    {
        _resources.Add(name, type, metadata);
        return this;
    }

    /// <summary>Adds resources as YAML: components, subscriptions, resiliency policies, HTTP endpoints.</summary>
    public TestDapr WithYaml(string yaml)
    {
        _resources.Add(yaml);
        return this;
    }

    /// <summary>Adds the resources of a folder or file, such as those that the application runs with.</summary>
    public TestDapr WithResources(string path)
    {
        _resources.AddPath(path);
        return this;
    }

    /// <summary>Changes what sidecars are started with from now on: protocol, tokens, configuration file, limits.</summary>
    public TestDapr WithSidecar(Func<SidecarOptions, SidecarOptions> configure)
    {
        var inner = _sidecar;
        _sidecar = options => configure(inner(options));
        return this;
    }

    /// <summary>Runs a whole program in the test's process; completes when it is ready for traffic.</summary>
    /// <typeparam name="TProgram">Its <c>Program</c>, or any other type of its assembly.</typeparam>
    /// <param name="appId">The application's id.</param>
    /// <param name="configure">What the test replaces in it, for example <c>host => host.ConfigureServices(...)</c>.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<TestApp> StartAsync<TProgram>(
        string appId, Action<IWebHostBuilder>? configure = null, CancellationToken cancel = default) where TProgram : class =>
        StartAsync(appId, app => Task.FromResult<HostedApp>(new ProgramApp<TProgram>(app, configure)), cancel);

    /// <summary>Runs routes that the test writes itself: a stand-in for an application that the tested one calls.</summary>
    public Task<TestApp> StartAsync(
        string appId, Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null, CancellationToken cancel = default) =>
        StartAsync(appId, app => RoutesApp.StartAsync(app, map, configure), cancel);

    /// <summary>
    /// Runs a program in a process of its own, which learns its port from <c>APP_PORT</c> and its sidecar from <c>DAPR_HTTP_ENDPOINT</c>
    /// and <c>DAPR_GRPC_ENDPOINT</c>.
    /// </summary>
    public Task<TestApp> StartAsync(string appId, ProcessStartInfo program, CancellationToken cancel = default) =>
        StartAsync(appId, app => Task.FromResult<HostedApp>(new ProcessApp(app, program)), cancel);

    /// <summary>
    /// A sidecar alone: for a host of the test's own (see <see cref="TestHosting.UseSidecar"/>), or for a test that is a client of Dapr.
    /// </summary>
    public async Task<TestApp> AddSidecarAsync(string appId, CancellationToken cancel = default)
    {
        var port = new ReservedPort();
        var options = _sidecar(new SidecarOptions(appId)
        {
            AppPort = port.Number,
            ResourcePaths = _resources.Paths,
            BaseDirectory = Folder,
            Variables = new Dictionary<string, string> { ["dataDir"] = Folder },
        });
        // Not in the context of a test framework, which runs one thing at a time.
        var app = new TestApp(this, await Task.Run(() => _runtime.AddSidecarAsync(options, cancel), cancel), port);
        _apps.Add(app);
        return app;
    }

    /// <summary>
    /// Publishes an event as somebody outside would, and completes when every application that is subscribed has answered it once; the
    /// result is what they made of it. A refused event comes again later, as the broker says.
    /// </summary>
    /// <param name="pubsub">The component.</param>
    /// <param name="topic">The topic; one without subscribers is refused.</param>
    /// <param name="data">The payload, sent as JSON in a CloudEvent.</param>
    /// <param name="metadata">For example <c>cloudevent.type</c>, by which routes are chosen.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<IReadOnlyList<Delivery>> PublishAsync(
        string pubsub, string topic, object? data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancel = default)
    {
        var (broker, line) = _components.Find<IBroker>(pubsub, "a pub/sub component");
        var groups = line.GroupsOf(topic);
        var id = Guid.NewGuid().ToString();
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>()) { ["cloudevent.id"] = id };
        var envelope = new EnvelopeContext("test", pubsub, topic, new EventTrace(TraceContext.Current(), ""), Time.GetUtcNow(), null);
        var body = CloudEvents.Wrap(Json.Write(data), "application/json", all, envelope);
        using var conclusions = new Conclusions(line, groups, Encoding.UTF8.GetBytes(id));
        await broker.PublishAsync([new BrokerMessage(topic, body, CloudEvents.ContentType, all)], cancel);
        await conclusions.WaitAsync(Patience, cancel);
        return _deliveries.TakeAll(delivery => delivery.Id == id);
    }

    /// <summary>
    /// The next event that an application published on a topic, and that was not asked for yet; nobody needs to be subscribed.
    /// </summary>
    public Task<PublishedEvent> PublishedAsync(string pubsub, string topic, CancellationToken cancel = default)
    {
        var (_, line) = _components.Find<IBroker>(pubsub, "a pub/sub component");
        return line.Published.TakeAsync(
            e => e.Topic == topic, Patience,
            () => $"nobody published on topic '{topic}' of '{pubsub}' within {Patience.TotalSeconds:0} s. "
                + Listed("Other events there", line.Published.Unread),
            cancel);
    }

    /// <summary>The next run of an actor's reminder that was not asked for yet.</summary>
    public Task<Delivery> RemindsAsync(string actorType, string actorId, string reminder, CancellationToken cancel = default) =>
        TakeDeliveryAsync(DeliveryKind.Reminder, $"{actorType}/{actorId}", reminder, cancel);

    /// <summary>
    /// Moves the <see cref="TestClock"/>, and completes when what came due until then was delivered.
    /// </summary>
    public Task AdvanceAsync(TimeSpan by, CancellationToken cancel = default) => Time is TestClock clock
        ? clock.AdvanceAsync(by, cancel)
        : throw new TestDaprException("the clock of this test goes by itself: write new TestDapr(new TestClock()) to move it.");

    /// <summary>Breaks a component, for all applications, until the result is disposed.</summary>
    public Breakage Break(string component, Fault fault) => _components.Find<IEngine>(component, "a component").Line.Break(fault, Time);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _components.Repair();
        await WithClockAsync(Task.Run(async () =>
        {
            await Task.WhenAll(_apps.Select(app => app.EndAsync()));
            await _runtime.DisposeAsync();
        }));
        _resources.Dispose();
    }

    internal TestState OpenState(string store, string appId, string? prefix = null)
    {
        var (engine, line) = _components.Find<IStateStore>(store, "a state store");
        return new TestState(engine, prefix ?? StateBlock.Prefix(line.Component, appId, "default"));
    }

    internal Task<Delivery> TakeDeliveryAsync(DeliveryKind kind, string appId, string name, CancellationToken cancel) =>
        _deliveries.TakeAsync(
            d => d.Kind == kind && d.AppId == appId && d.Name == name, Patience,
            () => $"no {kind} '{name}' came to '{appId}' within {Patience.TotalSeconds:0} s. "
                + Listed("What came and was not asked for", _deliveries.Unread)
                + (Time is TestClock clock ? $" The clock stands at {clock.GetUtcNow():O}: AdvanceAsync moves it." : ""),
            cancel);

    private async Task<TestApp> StartAsync(string appId, Func<TestApp, Task<HostedApp>> start, CancellationToken cancel)
    {
        var app = await AddSidecarAsync(appId, cancel);
        await Task.Run(() => app.HostAsync(start, cancel), cancel);
        return app;
    }

    // What waits for its time at the end (a handler that hangs gets a moment) does not wait for a clock that nobody moves any more.
    private async Task WithClockAsync(Task end)
    {
        while (Time is TestClock clock && await Task.WhenAny(end, Task.Delay(ClockRest)) != end)
            await clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        await end;
    }

    private static readonly TimeSpan ClockRest = TimeSpan.FromMilliseconds(50);

    private static string Listed<T>(string what, IReadOnlyList<T> all) =>
        all.Count == 0 ? $"{what}: none." : $"{what}:\n{string.Join('\n', all)}\n";
}
