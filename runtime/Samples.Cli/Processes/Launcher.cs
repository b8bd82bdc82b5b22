using System.Collections.Concurrent;
using System.Diagnostics;

namespace Samples.Cli.Processes;

/// <summary>
/// Starts processes from one thread that lives as long as the command. Linux sends the parent-death signal when the starting *thread*
/// ends, and threads of the pool come and go.
/// </summary>
internal sealed class Launcher : IDisposable
{
    private readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Done)> _queue = [];
    private readonly Func<int, IReadOnlyList<string>, ProcessStartInfo> _start;
    private readonly Guard _guard;

    public Launcher()
        : this((parent, command) => Itself(parent > 0 ? ["supervise", $"{parent}", .. command] : ["guard", .. command]))
    {
    }

    /// <param name="start">
    /// How a program is started as the leader of a group of its own; it ends with the parent, which is 0 where it outlives it.
    /// </param>
    internal Launcher(Func<int, IReadOnlyList<string>, ProcessStartInfo> start)
    {
        _start = start;
        _guard = new Guard(start);
        new Thread(Run) { IsBackground = true, Name = "launcher" }.Start();
    }

    /// <summary>Starts a program with both outputs redirected, tied to the life of the command.</summary>
    public Task<Process> StartAsync(IReadOnlyList<string> command, string directory, IReadOnlyDictionary<string, string> environment)
    {
        var info = OperatingSystem.IsWindows()
            ? new ProcessStartInfo(command[0], command.Skip(1))
            : _start(Environment.ProcessId, command);
        info.WorkingDirectory = directory;
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        var done = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((info, done));
        return done.Task;
    }

    /// <summary>A process that was started here has ended: what it left behind ends too.</summary>
    public void Ended(int pid)
    {
        Native.KillLeftovers(pid);
        _guard.Forget(pid);
    }

    /// <summary>How to start this program again with other arguments.</summary>
    public static ProcessStartInfo Itself(params IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!);
        // Run as `dotnet samples.dll`, the process path is dotnet itself.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            info.ArgumentList.Add(typeof(Launcher).Assembly.Location);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }

    private void Run()
    {
        foreach (var (info, done) in _queue.GetConsumingEnumerable())
        {
            try
            {
                var process = Process.Start(info)!;
                _guard.Watch(process.Id);
                done.SetResult(process);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        }
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        _guard.Dispose();
    }
}
