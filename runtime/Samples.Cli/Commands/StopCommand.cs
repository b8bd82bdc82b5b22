using System.CommandLine;
using System.Diagnostics;
using Samples.Cli.Processes;

namespace Samples.Cli.Commands;

/// <summary><c>samples stop</c>: ends runs started elsewhere, in order.</summary>
internal static class StopCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static Command Create()
    {
        var command = new Command("stop", "Stop every run of this checkout, each service draining first.");
        command.SetAction((_, cancel) => Errors.ShowAsync(() => StopAsync(cancel)));
        return command;
    }

    private static async Task<int> StopAsync(CancellationToken cancel)
    {
        var runs = RunFile.Find(Repository.Find().Data);
        if (runs.Count == 0)
            Console.WriteLine("Nothing runs.");
        foreach (var run in runs)
        {
            using var process = Process.GetProcessById(run.Pid);
            Native.Signal(run.Pid, Native.SigTerm);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(Patience);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Its services die with it.
                Native.Signal(run.Pid, Native.SigKill);
            }

            Console.WriteLine($"stopped {string.Join(", ", run.Patterns)} (process {run.Pid})");
        }

        return 0;
    }
}
