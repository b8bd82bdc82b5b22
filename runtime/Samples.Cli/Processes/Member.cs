using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Lab;

namespace Samples.Cli.Processes;

/// <summary>
/// One replica: its process, kept alive, beside its sidecar. It is a state machine with a mailbox: its one loop takes wishes, and what
/// happens to the process, one after the other. So no wish meets a replica between two states, none is lost, and each is answered when it
/// has its end. A process that ends is started again with a back-off where its template wants it; one that listens on no port and ends with
/// 0 has done its work.
/// </summary>
internal sealed class Member : IAsyncDisposable
{
    private static readonly TimeSpan SidecarPatience = TimeSpan.FromSeconds(30), AfterKill = TimeSpan.FromSeconds(5);

    private readonly Launcher _launcher;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly SuiteOptions _options;
    private readonly Channel<object> _mailbox = Channel.CreateUnbounded<object>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _sidecarGate = new();
    private readonly BackOff _backOff = new();
    private readonly List<Asked> _untilEnd = [], _untilStart = [];
    private readonly TaskCompletionSource<int?> _rested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private Task _sidecarChange = Task.CompletedTask;

    // Written by the loop alone.
    private volatile Phase _phase = Phase.Down;
    private volatile Child? _child, _last;
    private volatile int _endings;
    private bool _keep, _wasKilled, _isClosing;
    private long _began;

    public Member(
        string name, RunEntry entry, ISidecar sidecar, int? appPort, IReadOnlyDictionary<string, string> environment, Launcher launcher,
        SuiteOptions options)
    {
        Name = name;
        Entry = entry;
        Sidecar = sidecar;
        AppPort = appPort;
        _environment = environment;
        _launcher = launcher;
        _options = options;
        _loop = LoopAsync();
    }

    private enum Phase
    {
        // No process, and none is to come by itself.
        Down,
        Up,
        Frozen,

        // Signalled to end; what is wished meanwhile waits for that, or hurries it.
        Ending,

        // No process until the back-off is over.
        Waiting,
    }

    public string Name { get; }

    public RunEntry Entry { get; }

    public ISidecar Sidecar { get; }

    public int? AppPort { get; }

    /// <summary>The process, 0 while there is none.</summary>
    public int Pid => _child?.Pid ?? 0;

    /// <summary>How often its process ended by itself.</summary>
    public int Endings => _endings;

    /// <summary>
    /// Completes with the exit code of the first process that is not followed by another by itself; null where it could not be started.
    /// </summary>
    public Task<int?> Rested => _rested.Task;

    /// <summary>What it said last.</summary>
    public IReadOnlyList<string> LastLines => _last?.LastLines ?? [];

    /// <summary>What an unanswered wish waits for; null where there is none.</summary>
    public string? WaitsFor =>
        _phase == Phase.Ending
            ? $"process {_child?.Pid} of '{Name}' to end; it is killed {_options.Farewell.TotalSeconds:0} s after it was asked"
        : !_sidecarChange.IsCompleted ? $"the sidecar of '{Name}' to come back"
        : null;

    public Replica Describe()
    {
        var (phase, pid) = (_phase, _child?.Pid ?? 0);
        var state = phase switch
        {
            Phase.Down when !Entry.IsSidecarAlone => "stopped",
            Phase.Frozen => "frozen",
            Phase.Waiting => "restarting",
            _ => AppPort is null || Sidecar.AppReady ? "running" : "starting",
        };
        return new Replica(Name, Entry.AppId, pid, AppPort ?? 0, Sidecar.HttpPort, Sidecar.GrpcPort, state);
    }

    /// <summary>
    /// Completes when the wish has its end. Throws <see cref="KeyNotFoundException"/> where the replica goes or has gone.
    /// </summary>
    public Task AskAsync(Wish wish)
    {
        var asked = new Asked(wish);
        if (!_mailbox.Writer.TryWrite(asked))
            asked.Refuse(Name);
        return asked.Done.Task;
    }

    /// <summary>Another sidecar in the place of this one, after all that were asked for before; the process goes on meanwhile.</summary>
    public Task RestartSidecarAsync()
    {
        lock (_sidecarGate)
        {
            return _closing.IsCancellationRequested
                ? Task.FromException(Asked.Refusal(Name))
                : _sidecarChange = ChangeAsync(_sidecarChange);
        }

        async Task ChangeAsync(Task before)
        {
            // Whether that one succeeded is for who asked for it.
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            try
            {
                await Sidecar.RestartAsync(_closing.Token);
            }
            catch (OperationCanceledException)
            {
                throw Asked.Refusal(Name);
            }
        }
    }

    private async Task LoopAsync()
    {
        await foreach (var message in _mailbox.Reader.ReadAllAsync())
        {
            switch (message)
            {
                case Asked asked:
                    await TakeAsync(asked);
                    break;
                case Ended ended when ended.Child == _child:
                    await EndedAsync(ended.Exit);
                    break;
                case Late late when late.Child == _child:
                    Hurry(late);
                    break;
                case Over over when over.Attempt == _backOff.Attempt && _phase == Phase.Waiting:
                    await LaunchAsync();
                    break;
            }

            if (_isClosing && _child is null)
                break;
        }

        _mailbox.Writer.Complete();
        foreach (var wish in _untilEnd.Concat(_untilStart).Where(w => w.Wish != Wish.Close))
            wish.Refuse(Name);
        while (_mailbox.Reader.TryRead(out var message))
            (message as Asked)?.Refuse(Name);
        await CloseSidecarAsync();
    }

    private async Task TakeAsync(Asked asked)
    {
        switch (asked.Wish)
        {
            case Wish.Start when _phase == Phase.Ending:
                _untilStart.Add(asked);
                return;
            case Wish.Start when _child is null && !Entry.IsSidecarAlone:
                await LaunchAsync();
                break;
            case Wish.Kill when _child is not null:
                // Killed on request says nothing about the program: it starts again without a longer and longer back-off.
                _wasKilled = true;
                _phase = Phase.Ending;
                _child.Kill();
                _untilEnd.Add(asked);
                return;
            case Wish.Freeze when _phase == Phase.Up:
                await _child!.FreezeAsync();
                _phase = Phase.Frozen;
                break;
            case Wish.Resume when _phase == Phase.Frozen:
                _child!.Resume();
                _phase = Phase.Up;
                break;
            case Wish.Terminate or Wish.Close:
                Terminate(asked);
                return;
        }

        asked.Done.SetResult();
    }

    // What waits to be started was wished before, and its place is after the end of what runs now: the later wish takes it back.
    private void Terminate(Asked asked)
    {
        _keep = false;
        _isClosing |= asked.Wish == Wish.Close;
        Answer(_untilStart);
        if (_child is null)
        {
            _phase = Phase.Down;
            asked.Done.SetResult();
            return;
        }

        _untilEnd.Add(asked);
        _phase = Phase.Ending;
        _child.Terminate();
        PostAfter(_options.Farewell, new Late(_child));
    }

    private void Hurry(Late late)
    {
        if (!late.WasKilled)
        {
            Say($"warn: did not stop within {_options.Farewell.TotalSeconds:0} s and is killed");
            late.Child.Kill();
            PostAfter(AfterKill, late with { WasKilled = true });
        }
        else if (_isClosing)
        {
            // It waits for a device, and the kernel keeps it until that answers. The others shall not wait for it, too.
            Say("fail: is still there after SIGKILL; it is left to the kernel");
            _child = null;
            Answer(_untilEnd);
        }
    }

    private async Task LaunchAsync()
    {
        _keep = true;
        _began = Stopwatch.GetTimestamp();
        try
        {
            var child = await Child.StartAsync(_launcher, Entry.Command, Entry.Directory, _environment, Say);
            _child = child;
            _last = child;
            _phase = Phase.Up;
            _ = child.Ended.ContinueWith(
                exit => _mailbox.Writer.TryWrite(new Ended(child, exit.IsCompletedSuccessfully ? exit.Result : null)),
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            Say($"fail: {error.Message}");
            if (Entry.Restarts)
                Wait(exit: null);
            else
                Rest(exit: null);
        }
    }

    private async Task EndedAsync(int? exit)
    {
        _child = null;
        if (_untilStart.Count > 0)
            await LaunchAsync();
        else if (!_keep || !Entry.Restarts || (exit == 0 && AppPort is null))
            Rest(exit);
        else
            Wait(exit);
        _wasKilled = false;
        // Who is answered finds it as it is now.
        Answer(_untilEnd);
        Answer(_untilStart);
    }

    private void Rest(int? exit)
    {
        _phase = Phase.Down;
        if (_keep && exit == 0)
            Say(AppPort is null ? "info: ended with 0; its work is done" : "info: ended with 0");
        else if (_keep)
            Say($"warn: {Describe(exit)}{(_wasKilled ? " on request" : "")}");
        _rested.TrySetResult(exit);
    }

    private void Wait(int? exit)
    {
        _phase = Phase.Waiting;
        var delay = _backOff.Next(_wasKilled, Stopwatch.GetElapsedTime(_began));
        if (!_wasKilled)
            _endings++;
        Say($"warn: {Describe(exit)}{(_wasKilled ? " on request" : "")}; starts again in {delay.TotalSeconds:0.0} s");
        PostAfter(delay, new Over(_backOff.Attempt));
    }

    private void PostAfter(TimeSpan delay, object message) => Task.Delay(delay, _closing.Token).ContinueWith(
        _ => _mailbox.Writer.TryWrite(message), CancellationToken.None, TaskContinuationOptions.NotOnCanceled, TaskScheduler.Default);

    private async Task CloseSidecarAsync()
    {
        lock (_sidecarGate)
            _closing.Cancel();
        try
        {
            await _sidecarChange.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Sidecar.DisposeAsync().AsTask().WaitAsync(SidecarPatience);
        }
        catch (Exception error)
        {
            // It ends with the command at the latest; the others go on.
            Say($"fail: its sidecar did not stop: {error.Message}");
        }
    }

    private static void Answer(List<Asked> wishes)
    {
        foreach (var wish in wishes)
            wish.Done.SetResult();
        wishes.Clear();
    }

    private static string Describe(int? exit) => exit switch
    {
        null => "could not be started",
        137 => "was killed",
        134 or 139 => $"crashed ({exit})",
        _ => $"ended with {exit}",
    };

    private void Say(string line) => _options.Log(Name, line);

    public async ValueTask DisposeAsync()
    {
        // Who comes second is refused, and waits for the same end.
        await AskAsync(Wish.Close).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _loop;
    }

    private sealed record Asked(Wish Wish)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static KeyNotFoundException Refusal(string name) => new($"There is no replica '{name}' any more.");

        public void Refuse(string name) => Done.TrySetException(Refusal(name));
    }

    private sealed record Ended(Child Child, int? Exit);

    private sealed record Late(Child Child, bool WasKilled = false);

    private sealed record Over(int Attempt);
}
