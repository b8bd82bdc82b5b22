using System.Diagnostics;

namespace Samples.WorkerHost;

/// <summary>
/// The book's worker interface: a program that gets an item as a file and ends with 0 or not. It dies with this host, however
/// the host dies, and everything that it started ends with it: <c>setpriv</c> and <c>setsid</c> (util-linux) arrange that where they
/// are installed.
/// </summary>
public sealed class WorkerProgram(WorkerOptions options)
{
    // What a program wrote just before its end may still be in the pipe; a child that it left behind may hold the pipe open forever.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);
    private static readonly bool HasGroup = OperatingSystem.IsLinux() && File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/setsid");

    /// <summary>Runs it once. Null means success, else the reason: what it said last, or that it took too long.</summary>
    public async Task<string?> RunAsync(string item, string file, string output, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.TimeLimit);
        var ended = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The kernel ties the child to the thread that started it: this one lives as long as the child.
        new Thread(() => Run(Describe(item, file, output), ended, limit.Token)) { IsBackground = true, Name = "worker" }.Start();
        var failure = await ended.Task;
        cancel.ThrowIfCancellationRequested();
        return limit.IsCancellationRequested && failure is not null
            ? $"The worker took longer than {options.TimeLimit.TotalSeconds:0.#} s."
            : failure;
    }

    private static void Run(ProcessStartInfo program, TaskCompletionSource<string?> ended, CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(program)!;
            var pid = process.Id;
            var said = Tail.ReadAsync(process.StandardError);
            using (cancel.Register(() => Kill(process)))
            {
                // Not the overload without a limit: it also waits until nobody has the error output open.
                while (!process.WaitForExit(TimeSpan.FromHours(1)))
                {
                }
            }

            // What it left running in the background ends here too, or it would pile up, item by item.
            if (HasGroup)
                ProcessGroup.Kill(pid);
            var words = said.Wait(LastWords, CancellationToken.None) ? said.Result : "";
            ended.SetResult(process.ExitCode == 0 ? null : $"The worker ended with {process.ExitCode}: {words}");
        }
        catch (Exception error)
        {
            ended.SetResult($"The worker cannot be run: {error.Message}");
        }
    }

    private ProcessStartInfo Describe(string item, string file, string output)
    {
        // A session of its own makes one group of the program and all that it starts.
        IReadOnlyList<string> command = HasGroup ? ["setpriv", "--pdeathsig", "KILL", "setsid", .. options.Command] : options.Command;
        var info = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true };
        (info.Environment["WORK_ITEM_ID"], info.Environment["WORK_ITEM_FILE"], info.Environment["WORK_OUTPUT"]) = (item, file, output);
        return info;
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }
    }
}
