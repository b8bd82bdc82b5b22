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

    public Launcher() => new Thread(Run) { IsBackground = true, Name = "launcher" }.Start();

    /// <summary>Starts a program with both outputs redirected.</summary>
    public Task<Process> StartAsync(IReadOnlyList<string> command, string directory, IReadOnlyDictionary<string, string> environment)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // Run as `dotnet samples.dll`, the process path is dotnet itself.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            info.ArgumentList.Add(typeof(Launcher).Assembly.Location);
        foreach (var argument in (IEnumerable<string>)["supervise", Environment.ProcessId.ToString(), .. command])
            info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        var done = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((info, done));
        return done.Task;
    }

    private void Run()
    {
        foreach (var (info, done) in _queue.GetConsumingEnumerable())
        {
            try
            {
                done.SetResult(Process.Start(info)!);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        }
    }

    public void Dispose() => _queue.CompleteAdding();
}
