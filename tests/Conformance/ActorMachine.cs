using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Samples.Runtime;

namespace Samples.Conformance;

/// <summary>A runtime in a folder with real ASP.NET Core applications whose actors use the official SDK.</summary>
internal sealed class ActorMachine(string? folder = null) : IAsyncDisposable
{
    private readonly bool _ownsFolder = folder is null;
    private readonly ConcurrentDictionary<WebApplication, byte> _apps = new();
    private ITestedDapr? _dapr;

    public string Folder { get; } = folder ?? Directory.CreateTempSubdirectory("samples-actors-").FullName;

    public ITestedDapr Dapr => _dapr ??= Machine.Start(Folder);

    /// <summary>What the actors of this machine did.</summary>
    public ActorDiary Diary { get; } = new();

    /// <summary>A sidecar and its application, which has the actor types that <paramref name="actors"/> registers.</summary>
    public async Task<(ITestedSidecar Sidecar, WebApplication App)> StartAsync(
        Action<ActorRuntimeOptions>? actors = null, string appId = "app1", string? configuration = null)
    {
        var resources = Directory.CreateDirectory(Path.Combine(Folder, "components")).FullName;
        await File.WriteAllTextAsync(Path.Combine(resources, "all.yaml"),
            Machine.Component("statestore", "state.sqlite", ("connectionString", "state.db"), ("actorStateStore", "true")),
            Machine.Cancel);
        var port = FreePort();
        var sidecar = await Dapr.AddAsync(new SidecarOptions(appId)
        {
            AppPort = port, ResourcePaths = [resources], BaseDirectory = Folder, DataDirectory = Folder, ConfigurationFile = configuration,
        }, Machine.Cancel);
        var app = await StartAppAsync(port, sidecar.HttpPort, actors ?? (o => o.Actors.RegisterActor<CounterActor>()));
        await sidecar.WaitForAppAsync(Machine.Cancel);
        return (sidecar, app);
    }

    /// <summary>An application with actors on a port of its own choice: for one that starts again.</summary>
    public async Task<WebApplication> StartAppAsync(int port, int sidecarPort, Action<ActorRuntimeOptions> actors)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddSingleton(Diary);
        builder.Services.AddRouting(
            r => r.SetParameterPolicy<Microsoft.AspNetCore.Routing.Constraints.RegexInlineRouteConstraint>("regex"));
        builder.Services.AddActors(o =>
        {
            o.HttpEndpoint = $"http://127.0.0.1:{sidecarPort}";
            actors(o);
        });
        var app = builder.Build();
        _apps.TryAdd(app, 0);
        app.MapActorsHandlers();
        await app.StartAsync(Machine.Cancel);
        return app;
    }

    public static ActorProxyFactory Proxies(ITestedSidecar sidecar) =>
        new(new ActorProxyOptions { HttpEndpoint = $"http://127.0.0.1:{sidecar.HttpPort}" });

    public static ICounter Counter(ITestedSidecar sidecar, string id) =>
        Proxies(sidecar).CreateActorProxy<ICounter>(new ActorId(id), nameof(CounterActor));

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_dapr is not null)
            await _dapr.DisposeAsync();
        foreach (var app in _apps.Keys)
            await app.DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>What actors did, in the order in which it happened; a test waits for an entry.</summary>
public sealed class ActorDiary
{
    private readonly Lock _gate = new();
    private readonly List<string> _entries = [];
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Entries
    {
        get
        {
            lock (_gate)
                return [.. _entries];
        }
    }

    public void Write(string entry)
    {
        lock (_gate)
        {
            _entries.Add(entry);
            _written.TrySetResult();
            _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Completes when at least <paramref name="count"/> entries begin so.</summary>
    public async Task<IReadOnlyList<string>> WaitAsync(string prefix, int count = 1)
    {
        while (true)
        {
            Task written;
            lock (_gate)
            {
                var found = _entries.Where(e => e.StartsWith(prefix, StringComparison.Ordinal)).ToList();
                if (found.Count >= count)
                    return found;
                written = _written.Task;
            }

            await written.WaitAsync(TimeSpan.FromSeconds(30), Machine.Cancel);
        }
    }
}

public interface ICounter : IActor
{
    Task<int> AddAsync(int by);

    Task<int> GetAsync();

    Task SaveForAsync(string key, int value, TimeSpan ttl);

    Task<int?> ReadAsync(string key);

    Task FailAsync(string why);

    Task<int> CallBackAsync(string other, int depth);

    Task RemindAsync(string name, TimeSpan due, TimeSpan period, int? repetitions, string data);

    Task ForgetAsync(string name);

    Task<string?> ReminderAsync(string name);

    Task TickAsync(string name, TimeSpan due, TimeSpan period);

    Task StopTickingAsync(string name);

    Task<int> OverlapAsync(int milliseconds);

    Task MeetAsync(string other);
}

/// <summary>Counts, fails, comes back into itself, and writes everything into the diary.</summary>
public sealed class CounterActor(ActorHost host, ActorDiary diary) : Actor(host), ICounter, IRemindable
{
    private static readonly TimeSpan Never = TimeSpan.FromMilliseconds(-1);
    private int _running;

    protected override Task OnActivateAsync()
    {
        diary.Write($"activate {Id}");
        return Task.CompletedTask;
    }

    protected override Task OnDeactivateAsync()
    {
        diary.Write($"deactivate {Id}");
        return Task.CompletedTask;
    }

    public async Task<int> AddAsync(int by)
    {
        var count = await StateManager.GetOrAddStateAsync("count", 0) + by;
        await StateManager.SetStateAsync("count", count);
        return count;
    }

    public Task<int> GetAsync() => StateManager.GetOrAddStateAsync("count", 0);

    public Task SaveForAsync(string key, int value, TimeSpan ttl) => StateManager.SetStateAsync(key, value, ttl);

    public async Task<int?> ReadAsync(string key) =>
        await StateManager.TryGetStateAsync<int>(key) is { HasValue: true } found ? found.Value : null;

    public Task FailAsync(string why) => throw new InvalidOperationException(why);

    public async Task<int> CallBackAsync(string other, int depth) =>
        depth == 0
            ? 0
            : 1 + await ProxyFactory.CreateActorProxy<ICounter>(
                new ActorId(other), nameof(CounterActor)).CallBackAsync(Id.GetId(), depth - 1);

    public async Task RemindAsync(string name, TimeSpan due, TimeSpan period, int? repetitions, string data)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(data);
        await (
            repetitions is { } times
                ? RegisterReminderAsync(name, bytes, due, period, times)
                : RegisterReminderAsync(name, bytes, due, period));
    }

    public Task ForgetAsync(string name) => UnregisterReminderAsync(name);

    public async Task<string?> ReminderAsync(string name) =>
        await GetReminderAsync(name) is { } reminder ? $"{reminder.DueTime} {reminder.Period}" : null;

    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        diary.Write($"remind {Id} {reminderName} {System.Text.Encoding.UTF8.GetString(state)}");
        return reminderName.StartsWith("failing", StringComparison.Ordinal)
            ? throw new InvalidOperationException("as asked")
            : Task.CompletedTask;
    }

    public Task TickAsync(string name, TimeSpan due, TimeSpan period) =>
        RegisterTimerAsync(name, nameof(OnTickAsync), JsonSerializer.SerializeToUtf8Bytes(name), due, period);

    public Task StopTickingAsync(string name) => UnregisterTimerAsync(name);

    public Task OnTickAsync(byte[] data)
    {
        diary.Write($"tick {Id} {JsonSerializer.Deserialize<string>(data)}");
        return Task.CompletedTask;
    }

    public async Task<int> OverlapAsync(int milliseconds)
    {
        var others = Interlocked.Increment(ref _running) - 1;
        await Task.Delay(milliseconds);
        Interlocked.Decrement(ref _running);
        return others;
    }

    /// <summary>Ends when the other actor's turn has begun, too.</summary>
    public async Task MeetAsync(string other)
    {
        diary.Write($"meets {Id}");
        await diary.WaitAsync($"meets {other}");
    }

    internal static TimeSpan Once => Never;
}
