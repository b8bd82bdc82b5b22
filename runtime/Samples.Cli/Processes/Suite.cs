using System.Collections.Concurrent;
using Samples.Cli.Activation;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Processes;

/// <summary>
/// A template that runs: every replica with its sidecar, kept alive until told otherwise. What has begun goes to its end, also where the
/// one who asked for it no longer waits: half a replica would be nobody's.
/// </summary>
internal sealed class Suite(ISidecars sidecars, SuiteOptions options, Launcher launcher) : IFaults, IAsyncDisposable
{
    private const int MostReplicas = 32;

    // A request waits at most so long for the start of what it is for; sidecars and clients give up about then.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly List<Member> _members = [];
    private readonly HashSet<Member> _leaving = [];
    private readonly HashSet<Task> _scaling = [];
    private readonly ConcurrentDictionary<Member, Activation.Activator> _activators = [];
    private readonly Dictionary<string, RunEntry> _templates = [];
    private readonly Dictionary<string, SemaphoreSlim> _turns = [];
    private readonly HashSet<string> _paused = [];
    private readonly CancellationTokenSource _closing = new();
    private bool _isClosed;

    private static ResourceException Ends => new(Origin.Code, "the run ends.", "Start it again.");

    public IReadOnlyList<Member> Members
    {
        get
        {
            lock (_gate)
                return [.. _members];
        }
    }

    /// <summary>What unanswered wishes wait for.</summary>
    public string WaitsFor
    {
        get
        {
            Member[] all;
            lock (_gate)
                all = [.. _members, .. _leaving];
            return string.Join("; ", all.Select(m => m.WaitsFor).OfType<string>()) is { Length: > 0 } reasons
                ? reasons
                : "a sidecar to start";
        }
    }

    /// <summary>
    /// Starts every sidecar, then every process. Throws <see cref="ResourceException"/>; what runs then is ended by disposal.
    /// </summary>
    public async Task StartAsync(IReadOnlyList<RunEntry> entries, CancellationToken cancel)
    {
        foreach (var pattern in entries.Select(e => e.Pattern).Distinct())
            Directory.CreateDirectory(options.DataOf(pattern));
        foreach (var entry in entries)
        {
            // Names are shared by the whole run: equal ones would be taken for replicas of one service.
            if (!_templates.TryAdd(entry.AppId, entry) && _templates[entry.AppId] is var other && other.Pattern != entry.Pattern)
            {
                throw new ResourceException(Origin.Code, $"'{other.Pattern}' and '{entry.Pattern}' both have an app '{entry.AppId}'.",
                    "Run them separately, the second with --free-ports.");
            }

            _turns.TryAdd(entry.AppId, new SemaphoreSlim(1));
        }

        var members = new List<Member>();
        var problems = new Problems();
        foreach (var entry in entries)
            await problems.TryAsync(async () => members.Add(await AddAsync(entry, entries.Count(e => e.AppId == entry.AppId) > 1, cancel)));
        problems.ThrowIfAny();
        await Task.WhenAll(members.Select(m => m.Sidecar.WaitForApiAsync(cancel)));
        await Task.WhenAll(members.Select(m => m.AskAsync(Wish.Start)));
    }

    public Task<IReadOnlyList<Replica>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Replica>>([.. Members.Select(m => m.Describe())]);

    public Task KillAsync(string replica, CancellationToken cancellationToken) => AskAsync(replica, Wish.Kill, cancellationToken);

    public Task FreezeAsync(string replica, CancellationToken cancellationToken) => AskAsync(replica, Wish.Freeze, cancellationToken);

    public Task ResumeAsync(string replica, CancellationToken cancellationToken) => AskAsync(replica, Wish.Resume, cancellationToken);

    public Task StartAsync(string replica, CancellationToken cancellationToken) => AskAsync(replica, Wish.Start, cancellationToken);

    public Task TerminateAsync(string replica, CancellationToken cancellationToken) => AskAsync(replica, Wish.Terminate, cancellationToken);

    public Task RestartSidecarAsync(string replica, CancellationToken cancellationToken) =>
        Find(replica).RestartSidecarAsync().WaitAsync(cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A number of 0 set by hand stays until another is set by hand, as with Kubernetes' autoscaler.</remarks>
    public Task<int> ScaleAsync(string appId, int replicas, CancellationToken cancellationToken) =>
        ScaleAsync(appId, replicas, byHand: true, cancellationToken);

    /// <summary>True where somebody has set the number of replicas to 0 by hand: no rule brings them back.</summary>
    public bool IsPaused(string appId)
    {
        lock (_gate)
            return _paused.Contains(appId);
    }

    /// <summary>
    /// Sets the number of replicas of an app: one wish after the other, but none waits for those that leave because of another.
    /// </summary>
    public Task<int> ScaleAsync(string appId, int replicas, bool byHand, CancellationToken cancellationToken)
    {
        if (replicas is < 0 or > MostReplicas)
            throw new ArgumentOutOfRangeException(nameof(replicas), replicas, $"Between 0 and {MostReplicas} replicas fit one machine.");
        if (!_templates.TryGetValue(appId, out var template))
            throw new KeyNotFoundException($"There is no app '{appId}'. Running: {string.Join(", ", _templates.Keys)}.");
        if (template.IsSidecarAlone)
            throw new ResourceException(Origin.Code, $"'{appId}' has no command.", "Start another sidecar by an entry of its own.");
        lock (_gate)
        {
            if (_isClosed)
                throw Ends;
            var work = ScaleAsync(template, replicas, byHand);
            _scaling.Add(work);
            _ = work.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return work.WaitAsync(cancellationToken);
        }

        void Forget(Task work)
        {
            lock (_gate)
                _scaling.Remove(work);
        }
    }

    private async Task<int> ScaleAsync(RunEntry template, int replicas, bool byHand)
    {
        // Not in the middle of somebody's lock.
        await Task.Yield();
        try
        {
            await Task.WhenAll((await SetAsync(template, replicas, byHand)).Select(EndAsync));
            return replicas;
        }
        catch (OperationCanceledException)
        {
            throw Ends;
        }
    }

    // Starts what is missing and gives what is too much.
    private async Task<IReadOnlyList<Member>> SetAsync(RunEntry template, int replicas, bool byHand)
    {
        var turn = _turns[template.AppId];
        await turn.WaitAsync(_closing.Token);
        try
        {
            if (!IsWanted(template.AppId, replicas, byHand))
                return [];
            var running = Members.Where(m => m.Entry.AppId == template.AppId).ToList();
            var entry = template with { AppPort = template.AppPort is null ? null : 0, DaprHttpPort = 0, DaprGrpcPort = 0 };
            for (var i = running.Count; i < replicas; i++)
                await StartOneAsync(entry);
            var surplus = running[Math.Min(replicas, running.Count)..];
            lock (_gate)
                surplus.ForEach(Leave);
            return surplus;
        }
        finally
        {
            turn.Release();
        }
    }

    private bool IsWanted(string appId, int replicas, bool byHand)
    {
        lock (_gate)
        {
            if (byHand && replicas == 0)
                _paused.Add(appId);
            else if (byHand)
                _paused.Remove(appId);
            return byHand || !_paused.Contains(appId);
        }
    }

    private async Task StartOneAsync(RunEntry entry)
    {
        var member = await AddAsync(entry, true, _closing.Token);
        try
        {
            await member.Sidecar.WaitForApiAsync(_closing.Token);
            await member.AskAsync(Wish.Start);
        }
        catch
        {
            lock (_gate)
                Leave(member);
            await EndAsync(member);
            throw;
        }
    }

    private async Task<Member> AddAsync(RunEntry entry, bool isReplica, CancellationToken cancel)
    {
        var idle = IdleRule.Of(entry);
        int? appPort = entry.AppPort switch
        {
            // Somebody else's application is where it is.
            var port when entry.IsSidecarAlone => port,
            null => null,
            { } fixedPort when fixedPort > 0 && !options.FreePorts => CheckFree(entry.AppId, fixedPort),
            _ => FreePorts.Next(),
        };
        var name = NameOf(entry.AppId, isReplica);
        var sidecar = await sidecars.AddAsync(new SidecarPlace(name, entry, appPort,
            options.FreePorts || entry.DaprHttpPort == 0 ? FreePorts.Next() : entry.DaprHttpPort,
            options.FreePorts || entry.DaprGrpcPort == 0 ? FreePorts.Next() : entry.DaprGrpcPort,
            options.DataOf(entry.Pattern)), cancel);
        // What may sleep listens elsewhere: an activator has its port, and starts it.
        var listens = idle is null ? appPort : FreePorts.Next();
        var member = new Member(
            name, entry, sidecar, appPort, ReplicaEnvironment.Of(name, entry, sidecar, listens, options), launcher, options);
        lock (_gate)
        {
            // Disposal waits for who adds one, and takes what was added.
            _members.Add(member);
        }

        if (idle is { } after)
        {
            _activators[member] = await Activation.Activator.StartAsync(
                new(name, appPort!.Value, listens!.Value, after, StartPatience), new MemberProcess(member, listens.Value),
                line => options.Log(name, line), cancel);
        }

        return member;
    }

    // Nobody else adds one of this app in between: they take turns. One that is leaving keeps its name until it is gone.
    private string NameOf(string appId, bool isReplica)
    {
        HashSet<string> taken;
        lock (_gate)
            taken = [.. _members.Concat(_leaving).Select(m => m.Name)];
        var number = 1;
        while (taken.Contains($"{appId}-{number}"))
            number++;
        return isReplica || number > 1 ? $"{appId}-{number}" : appId;
    }

    private void Leave(Member member)
    {
        _members.Remove(member);
        _leaving.Add(member);
    }

    private async Task EndAsync(Member member)
    {
        await member.DisposeAsync();
        if (_activators.TryRemove(member, out var activator))
            await activator.DisposeAsync();
        lock (_gate)
            _leaving.Remove(member);
    }

    private Task AskAsync(string replica, Wish wish, CancellationToken cancel) => Find(replica).AskAsync(wish).WaitAsync(cancel);

    private Member Find(string replica) => Members.FirstOrDefault(m => m.Name == replica)
        ?? throw new KeyNotFoundException($"There is no replica '{replica}'. Running: {string.Join(", ", Members.Select(m => m.Name))}.");

    private static int CheckFree(string appId, int port) => FreePorts.IsFree(port) ? port
        : throw new ResourceException(
            Origin.Code, $"port {port} of '{appId}' is taken.", "Stop what uses it (`samples stop`), or run with --free-ports.");

    public async ValueTask DisposeAsync()
    {
        Task[] scaling;
        lock (_gate)
        {
            _isClosed = true;
            scaling = [.. _scaling];
        }

        await _closing.CancelAsync();
        // All side by side: draining takes its time. Then what was being added meanwhile.
        await EndAllAsync();
        await Task.WhenAll(scaling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndAllAsync();
        launcher.Dispose();
    }

    private async Task EndAllAsync()
    {
        Member[] all;
        lock (_gate)
        {
            _members.ToList().ForEach(Leave);
            all = [.. _leaving];
        }

        await Task.WhenAll(all.Select(EndAsync));
    }
}
