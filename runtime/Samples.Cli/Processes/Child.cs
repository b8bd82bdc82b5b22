using System.Collections.Concurrent;
using System.Diagnostics;

namespace Samples.Cli.Processes;

/// <summary>
/// One life of a program, from its start to its end: it is signalled only while it lives, and its end comes whatever it does with its
/// outputs.
/// </summary>
internal sealed class Child
{
    private const int LinesKept = 5;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1), Standstill = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<string> _lastLines = new();
    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly int _pid;
    private bool _isGone;

    private Child(Process process, Launcher launcher, Action<string> log)
    {
        _process = process;
        _pid = process.Id;
        process.StandardInput.Close();
        Ended = FollowAsync(launcher, log);
    }

    /// <summary>Its number; 0 after its end.</summary>
    public int Pid => IsGone ? 0 : _pid;

    /// <summary>Completes with the exit code when the process is gone, with all of its group, and its last lines are read.</summary>
    public Task<int> Ended { get; }

    /// <summary>What it said last.</summary>
    public IReadOnlyList<string> LastLines => [.. _lastLines];

    private bool IsGone
    {
        get
        {
            lock (_gate)
                return _isGone;
        }
    }

    /// <summary>Starts a program; each line that it says goes to <paramref name="log"/>.</summary>
    public static async Task<Child> StartAsync(Launcher launcher, IReadOnlyList<string> command, string directory,
        IReadOnlyDictionary<string, string> environment, Action<string> log) =>
        new(await launcher.StartAsync(command, directory, environment), launcher, log);

    /// <summary>SIGKILL, to all of its group.</summary>
    public void Kill() => Signal(Native.Kill);

    /// <summary>SIGCONT, to all of its group.</summary>
    public void Resume() => Signal(Native.Resume);

    /// <summary>SIGSTOP, to all of its group. It stands still afterwards, or has ended.</summary>
    public async Task FreezeAsync()
    {
        Signal(Native.Freeze);
        var began = Stopwatch.GetTimestamp();
        // The kernel begins to stop it when the thread that takes the signal runs next: on a busy machine not at once.
        while (!IsGone && !Native.StandsStill(_pid) && Stopwatch.GetElapsedTime(began) < Standstill)
            await Task.Delay(1);
    }

    /// <summary>SIGTERM, also to one that stands still.</summary>
    public void Terminate() => Signal(pid =>
    {
        // What does not lead its group yet is on its way to become the program: it would forget the request, and has begun nothing.
        if (Native.LeadsItsGroup(pid))
            Native.Terminate(pid);
        else
            Native.Kill(pid);
        Native.Resume(pid);
    });

    /// <summary>
    /// Asks it to end, and after a while no longer asks. False where even the kernel cannot end it: it waits for a device.
    /// </summary>
    public async Task<bool> EndAsync(TimeSpan patience)
    {
        Terminate();
        if (await Task.WhenAny(Ended, Task.Delay(patience)) == Ended)
            return true;
        Kill();
        return await Task.WhenAny(Ended, Task.Delay(AfterKill)) == Ended;
    }

    private void Signal(Action<int> send)
    {
        lock (_gate)
        {
            // The number of one that has ended may be another's already.
            if (!_isGone && !_process.HasExited)
                send(_pid);
        }
    }

    private async Task<int> FollowAsync(Launcher launcher, Action<string> log)
    {
        using (_process)
        {
            var output = Task.WhenAll(
                Lines.CopyAsync(_process.StandardOutput, line => Say(line, log)),
                Lines.CopyAsync(_process.StandardError, line => Say(line, log)));
            await _process.WaitForExitAsync(CancellationToken.None);
            lock (_gate)
                _isGone = true;
            launcher.Ended(_pid);
            // What left the group may hold the outputs open for ever.
            await Task.WhenAny(output, Task.Delay(LastWords));
            _process.StandardOutput.Dispose();
            _process.StandardError.Dispose();
            return _process.ExitCode;
        }
    }

    private void Say(string line, Action<string> log)
    {
        _lastLines.Enqueue(line);
        while (_lastLines.Count > LinesKept && _lastLines.TryDequeue(out _))
        {
        }

        log(line);
    }
}
