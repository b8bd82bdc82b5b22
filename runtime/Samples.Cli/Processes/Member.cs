using System.Collections.Concurrent;
using System.Diagnostics;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Lab;

namespace Samples.Cli.Processes;

/// <summary>
/// One replica: its process, kept alive, beside its sidecar. A process that ends is started again with a back-off; only one that
/// listens on no port and ends with 0 has done its work.
/// </summary>
internal sealed class Member(string name, RunEntry entry, ISidecar sidecar, int? appPort, Launcher launcher, Action<string, string> log) : IAsyncDisposable
{
    private const int LinesKept = 5;
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200), LongestBackOff = TimeSpan.FromSeconds(5), Stable = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), LastWords = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentQueue<string> _lastLines = new();
    private TaskCompletionSource _wanted = NewSignal();
    private volatile Process? _process;
    private volatile string _state = "stopped";
    private volatile bool _keep, _killed;
    private volatile int _endings;
    private Task _loop = Task.CompletedTask;

    public string Name => name;

    public RunEntry Entry => entry;

    public ISidecar Sidecar => sidecar;

    public int? AppPort => appPort;

    public int Pid
    {
        get
        {
            try
            {
                return _process is { HasExited: false } process ? process.Id : 0;
            }
            catch (InvalidOperationException)
            {
                // It ended between the two questions.
                return 0;
            }
        }
    }

    /// <summary>How often its process ended by itself.</summary>
    public int Endings => _endings;

    /// <summary>What it said last.</summary>
    public IReadOnlyList<string> LastLines => [.. _lastLines];

    public Replica Describe() => new(name, entry.AppId, Pid, appPort ?? 0, sidecar.HttpPort, sidecar.GrpcPort,
        _state == "running" && appPort is not null && !sidecar.AppReady ? "starting" : _state);

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
        if (Pid == 0)
            Volatile.Read(ref _wanted).TrySetResult();
    }

    public void Kill()
    {
        if (Pid is not (> 0 and var pid))
            return;
        // Killed on request says nothing about the program: it starts again without a longer and longer back-off.
        _killed = true;
        Native.Kill(pid);
    }

    public void Freeze()
    {
        if (Pid is not (> 0 and var pid))
            return;
        Native.Freeze(pid);
        _state = "frozen";
    }

    public void Resume()
    {
        if (_state != "frozen" || Pid is not (> 0 and var pid))
            return;
        _state = "running";
        Native.Resume(pid);
    }

    /// <summary>SIGTERM; it stays down until started. After ten seconds it is killed.</summary>
    public async Task TerminateAsync()
    {
        _keep = false;
        // A start that was asked for while it ran is no wish for after its end.
        Volatile.Write(ref _wanted, NewSignal());
        if (_process is not { } process || Pid is not (> 0 and var pid))
            return;
        Native.Resume(pid);
        Native.Terminate(pid);
        try
        {
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Say($"warn: did not stop within {Patience.TotalSeconds:0} s and is killed");
            Native.Kill(pid);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            // It has ended, and its supervision has let go of it.
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
                var exit = await RunOnceAsync(environment);
                if (!_keep || (exit == 0 && appPort is null))
                {
                    _state = "stopped";
                    if (_keep)
                        Say("info: ended with 0; its work is done");
                    continue;
                }

                _state = "restarting";
                backOff = _killed || Stopwatch.GetElapsedTime(began) > Stable ? FirstBackOff : backOff;
                if (!_killed)
                    _endings++;
                Say($"warn: {Describe(exit)}{(_killed ? " on request" : "")}; starts again in {backOff.TotalSeconds:0.0} s");
                _killed = false;
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

    // Null where it could not even be started.
    private async Task<int?> RunOnceAsync(IReadOnlyDictionary<string, string> environment)
    {
        try
        {
            using var process = await launcher.StartAsync(entry.Command, entry.Directory, environment);
            _process = process;
            _state = "running";
            process.StandardInput.Close();
            var output = Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));
            await process.WaitForExitAsync(CancellationToken.None);
            launcher.Ended(process.Id);
            // What left the group may hold the output open for ever.
            await Task.WhenAny(output, Task.Delay(LastWords, CancellationToken.None));
            return process.ExitCode;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            Say($"fail: {error.Message}");
            return null;
        }
        finally
        {
            _process = null;
        }
    }

    private static string Describe(int? exit) => exit switch
    {
        null => "could not be started",
        137 => "was killed",
        134 or 139 => $"crashed ({exit})",
        _ => $"ended with {exit}",
    };

    private async Task CopyAsync(StreamReader output)
    {
        try
        {
            while (await output.ReadLineAsync() is { } line)
            {
                _lastLines.Enqueue(line);
                while (_lastLines.Count > LinesKept && _lastLines.TryDequeue(out _))
                {
                }

                log(name, line);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The process is gone and its output was let go.
        }
    }

    private void Say(string line) => log(name, line);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        await TerminateAsync();
        await _closing.CancelAsync();
        await _loop;
        _closing.Dispose();
        await sidecar.DisposeAsync();
    }
}
