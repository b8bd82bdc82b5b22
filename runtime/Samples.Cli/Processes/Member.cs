using System.Diagnostics;
using Samples.Cli.RunTemplate;
using Samples.Lab.Experiments;
using Samples.Runtime;

namespace Samples.Cli.Processes;

/// <summary>One replica: its process, kept alive, beside its sidecar.</summary>
internal sealed class Member(string name, RunEntry entry, Sidecar first, int? appPort, Launcher launcher, Action<string, string> log) : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200), LongestBackOff = TimeSpan.FromSeconds(5), Stable = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private volatile Sidecar _sidecar = first;
    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource _wanted = NewSignal();
    private Process? _process;
    private volatile string _state = "stopped";
    private volatile bool _keep, _killed;
    private Task _loop = Task.CompletedTask;

    public string Name => name;

    public RunEntry Entry => entry;

    public Sidecar Sidecar => _sidecar;

    public int? AppPort => appPort;

    public string State => _state;

    public int Pid => _process is { HasExited: false } process ? process.Id : 0;

    public Replica Describe() => new(name, entry.AppId, Pid, appPort ?? 0, _sidecar.HttpPort, _sidecar.GrpcPort, _state);

    public void Begin(IReadOnlyDictionary<string, string> environment)
    {
        _keep = true;
        _wanted.TrySetResult();
        _loop = KeepAliveAsync(environment);
    }

    /// <summary>Runs it again now, without waiting for the back-off; one that runs is left alone.</summary>
    public void Start()
    {
        _keep = true;
        if (Pid > 0)
            return;
        _wanted.TrySetResult();
    }

    public void Kill()
    {
        // Killed on request says nothing about the program: it starts again without a longer and longer back-off.
        _killed = true;
        Native.Signal(Pid, Native.SigKill);
    }

    public void Freeze()
    {
        if (Pid == 0)
            return;
        Native.Signal(Pid, Native.SigStop);
        _state = "frozen";
    }

    public void Resume()
    {
        if (Pid == 0)
            return;
        Native.Signal(Pid, Native.SigCont);
        _state = "running";
    }

    /// <summary>A new sidecar in the place of the old one, on its ports.</summary>
    public async Task RestartSidecarAsync(DaprRuntime runtime, CancellationToken cancel)
    {
        var old = _sidecar;
        await runtime.RemoveSidecarAsync(old);
        _sidecar = await runtime.AddSidecarAsync(old.Options with { HttpPort = old.HttpPort, GrpcPort = old.GrpcPort }, cancel);
    }

    /// <summary>SIGTERM; it stays down until started. After ten seconds it is killed.</summary>
    public async Task TerminateAsync(CancellationToken cancel)
    {
        _keep = false;
        // A start that was asked for while it ran is no wish for after its end.
        Volatile.Write(ref _wanted, NewSignal());
        if (_process is not { HasExited: false } process)
            return;
        Native.Signal(process.Id, Native.SigCont);
        Native.Signal(process.Id, Native.SigTerm);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            log(name, $"did not stop within {Patience.TotalSeconds:0} s and is killed");
            Native.Signal(process.Id, Native.SigKill);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task KeepAliveAsync(IReadOnlyDictionary<string, string> environment)
    {
        var backOff = FirstBackOff;
        try
        {
            while (true)
            {
                await Volatile.Read(ref _wanted).Task.WaitAsync(_closing.Token);
                Volatile.Write(ref _wanted, NewSignal());
                var began = Stopwatch.GetTimestamp();
                using var process = await launcher.StartAsync(entry.Command, entry.Directory, environment);
                _process = process;
                _state = "running";
                process.StandardInput.Close();
                await Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError), process.WaitForExitAsync(CancellationToken.None));
                _process = null;
                if (!_keep)
                {
                    _state = "stopped";
                    continue;
                }

                _state = "restarting";
                backOff = _killed || Stopwatch.GetElapsedTime(began) > Stable ? FirstBackOff : backOff;
                _killed = false;
                log(name, $"ended with {process.ExitCode}; starts again in {backOff.TotalSeconds:0.0} s");
                await Task.WhenAny(Volatile.Read(ref _wanted).Task, Task.Delay(backOff, _closing.Token));
                _closing.Token.ThrowIfCancellationRequested();
                backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
                if (_keep)
                    Volatile.Read(ref _wanted).TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            _state = "stopped";
        }
    }

    private async Task CopyAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
            log(name, line);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        await TerminateAsync(CancellationToken.None);
        await _closing.CancelAsync();
        await _loop;
        _closing.Dispose();
    }
}
