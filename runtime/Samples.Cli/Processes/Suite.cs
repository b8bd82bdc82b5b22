using System.Net;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Processes;

/// <summary>A template that runs: every replica with its sidecar, kept alive until told otherwise.</summary>
internal sealed class Suite(ISidecars sidecars, SuiteOptions options) : IFaults, IAsyncDisposable
{
    private const int EndingsAtStart = 5;
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly Launcher _launcher = new();
    private readonly Lock _gate = new();
    private readonly List<Member> _members = [];
    private readonly Dictionary<string, RunEntry> _templates = [];
    private readonly HashSet<string> _paused = [];
    private readonly SemaphoreSlim _scaling = new(1);

    public IReadOnlyList<Member> Members
    {
        get
        {
            lock (_gate)
                return [.. _members];
        }
    }

    /// <summary>Starts every sidecar, then every process. Throws <see cref="ResourceException"/> and leaves nothing running.</summary>
    public async Task StartAsync(IReadOnlyList<RunEntry> entries, CancellationToken cancel)
    {
        foreach (var pattern in entries.Select(e => e.Pattern).Distinct())
            Directory.CreateDirectory(options.DataOf(pattern));
        var members = new List<Member>();
        foreach (var entry in entries)
        {
            // Names are shared by the whole run: equal ones would be taken for replicas of one service.
            if (!_templates.TryAdd(entry.AppId, entry) && _templates[entry.AppId] is var other && other.Pattern != entry.Pattern)
            {
                throw new ResourceException(Origin.Code, $"'{other.Pattern}' and '{entry.Pattern}' both have an app '{entry.AppId}'.",
                    "Run them separately, the second with --free-ports.");
            }
        }

        foreach (var entry in entries)
            members.Add(await AddAsync(entry, entries.Count(e => e.AppId == entry.AppId) > 1, cancel));
        await Task.WhenAll(members.Select(m => m.Sidecar.WaitForApiAsync(cancel)));
        foreach (var member in members)
            member.Begin(EnvironmentOf(member));
    }

    /// <summary>Completes when every application listens and says that it is ready.</summary>
    public async Task WaitReadyAsync(TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        foreach (var member in Members.Where(m => m.AppPort is not null))
        {
            try
            {
                var listens = member.Sidecar.WaitForAppAsync(limit.Token);
                while (!listens.IsCompleted || !await IsReadyAsync(member, limit.Token))
                {
                    if (member.Endings >= EndingsAtStart)
                        throw NotReady(member, $"ended {EndingsAtStart} times before it was ready.");
                    await Task.Delay(20, limit.Token);
                }

                await listens;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw NotReady(member, $"was not ready within {patience.TotalSeconds:0} s.");
            }
        }
    }

    private static ResourceException NotReady(Member member, string what) => new(Origin.Code, $"'{member.Name}' {what}",
        member.LastLines is { Count: > 0 } lines ? $"It said:\n  {string.Join("\n  ", lines)}" : "It said nothing; try its command by hand.");

    public Task<IReadOnlyList<Replica>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Replica>>([.. Members.Select(m => m.Describe())]);

    public Task KillAsync(string replica, CancellationToken cancellationToken) => Do(replica, m => m.Kill());

    public Task FreezeAsync(string replica, CancellationToken cancellationToken) => Do(replica, m => m.Freeze());

    public Task ResumeAsync(string replica, CancellationToken cancellationToken) => Do(replica, m => m.Resume());

    public Task StartAsync(string replica, CancellationToken cancellationToken) => Do(replica, m => m.Start());

    public Task TerminateAsync(string replica, CancellationToken cancellationToken) => Find(replica).TerminateAsync();

    public Task RestartSidecarAsync(string replica, CancellationToken cancellationToken) => Find(replica).Sidecar.RestartAsync(cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A number of 0 set by hand stays until another is set by hand, as with Kubernetes' autoscaler.</remarks>
    public Task<int> ScaleAsync(string appId, int replicas, CancellationToken cancellationToken) => ScaleAsync(appId, replicas, byHand: true, cancellationToken);

    /// <summary>True where somebody has set the number of replicas to 0 by hand: no rule brings them back.</summary>
    public bool IsPaused(string appId)
    {
        lock (_gate)
            return _paused.Contains(appId);
    }

    /// <summary>Sets the number of replicas of an app.</summary>
    public async Task<int> ScaleAsync(string appId, int replicas, bool byHand, CancellationToken cancellationToken)
    {
        if (replicas is < 0 or > 32)
            throw new ArgumentOutOfRangeException(nameof(replicas), replicas, "Between 0 and 32 replicas fit one machine.");
        if (!_templates.TryGetValue(appId, out var template))
            throw new KeyNotFoundException($"There is no app '{appId}'. Running: {string.Join(", ", _templates.Keys)}.");
        await _scaling.WaitAsync(cancellationToken);
        try
        {
            lock (_gate)
            {
                if (byHand && replicas == 0)
                    _paused.Add(appId);
                else if (byHand)
                    _paused.Remove(appId);
                else if (_paused.Contains(appId))
                    return 0;
            }

            var running = Members.Where(m => m.Entry.AppId == appId).ToList();
            var entry = template with { AppPort = template.AppPort is null ? null : 0, DaprHttpPort = 0, DaprGrpcPort = 0 };
            for (var i = running.Count; i < replicas; i++)
            {
                var member = await AddAsync(entry, true, cancellationToken);
                await member.Sidecar.WaitForApiAsync(cancellationToken);
                member.Begin(EnvironmentOf(member));
            }

            await Task.WhenAll(running.Skip(replicas).Select(RemoveAsync));
            return replicas;
        }
        finally
        {
            _scaling.Release();
        }
    }

    private async Task<Member> AddAsync(RunEntry entry, bool isReplica, CancellationToken cancel)
    {
        int? appPort = entry.AppPort switch
        {
            null => null,
            { } fixedPort when fixedPort > 0 && !options.FreePorts => CheckFree(entry.AppId, fixedPort),
            _ => FreePorts.Next(),
        };
        var name = NameOf(entry.AppId, isReplica);
        var sidecar = await sidecars.AddAsync(new SidecarPlace(name, entry, appPort,
            options.FreePorts || entry.DaprHttpPort == 0 ? FreePorts.Next() : entry.DaprHttpPort,
            options.FreePorts || entry.DaprGrpcPort == 0 ? FreePorts.Next() : entry.DaprGrpcPort,
            options.DataOf(entry.Pattern)), cancel);
        var member = new Member(name, entry, sidecar, appPort, _launcher, options.Log);
        lock (_gate)
            _members.Add(member);
        return member;
    }

    // Nobody else adds one in between: a suite is scaled only after its start, and by one at a time.
    private string NameOf(string appId, bool isReplica)
    {
        var taken = Members.Select(m => m.Name).ToHashSet();
        var number = 1;
        while (taken.Contains($"{appId}-{number}"))
            number++;
        return isReplica || number > 1 ? $"{appId}-{number}" : appId;
    }

    private async Task RemoveAsync(Member member)
    {
        lock (_gate)
            _members.Remove(member);
        await member.DisposeAsync();
    }

    private Dictionary<string, string> EnvironmentOf(Member member)
    {
        var environment = new Dictionary<string, string>(member.Entry.Environment.Concat(options.Environment)
            .GroupBy(v => v.Key).Select(g => g.Last()))
        {
            ["APP_ID"] = member.Entry.AppId,
            ["APP_PORT"] = $"{member.AppPort}",
            ["APP_PROTOCOL"] = member.Entry.AppProtocol,
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{member.AppPort ?? 0}",
            ["DAPR_HTTP_PORT"] = $"{member.Sidecar.HttpPort}",
            ["DAPR_GRPC_PORT"] = $"{member.Sidecar.GrpcPort}",
            ["SAMPLES_DATA"] = options.DataOf(member.Entry.Pattern),
            ["SAMPLES_REPLICA"] = member.Name,
            ["SAMPLES_PARENT_PID"] = $"{Environment.ProcessId}",
        };
        // Ports that a service opens besides APP_PORT: it takes free ones and says which.
        if (options.FreePorts)
            environment["SAMPLES_FREE_PORTS"] = "true";
        // Killing is a power that only an application that asks for it gets.
        environment.Remove("SAMPLES_CONTROL_TOKEN");
        if (environment.Remove("SAMPLES_CONTROL", out var asked) && asked == "true" && options.Control is { } control)
            (environment["SAMPLES_CONTROL"], environment["SAMPLES_CONTROL_TOKEN"]) = (control.Address.ToString(), control.Token);
        return environment;
    }

    private static async Task<bool> IsReadyAsync(Member member, CancellationToken cancel)
    {
        // Others have no path to ask: they are ready when their sidecar says so.
        if (member.Entry.AppProtocol != "http")
            return true;
        try
        {
            using var answer = await Http.GetAsync($"http://127.0.0.1:{member.AppPort}/readyz", cancel);
            // An application without the endpoint is ready when it listens.
            return answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound;
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            // It does not answer, or not in time.
            return false;
        }
    }

    private Task Do(string replica, Action<Member> act)
    {
        act(Find(replica));
        return Task.CompletedTask;
    }

    private Member Find(string replica) => Members.FirstOrDefault(m => m.Name == replica)
        ?? throw new KeyNotFoundException($"There is no replica '{replica}'. Running: {string.Join(", ", Members.Select(m => m.Name))}.");

    private static int CheckFree(string appId, int port) => FreePorts.IsFree(port) ? port
        : throw new ResourceException(Origin.Code, $"port {port} of '{appId}' is taken.", "Stop what uses it (`samples stop`), or run with --free-ports.");

    public async ValueTask DisposeAsync()
    {
        // Last started, first stopped: what others depend on goes last. Draining runs side by side.
        await Task.WhenAll(Members.Reverse().Select(RemoveAsync));
        _launcher.Dispose();
        _scaling.Dispose();
    }
}
