using System.Diagnostics;

namespace Samples.WorkerHost;

/// <summary>
/// The book's worker interface: a program that gets an item as a file and ends with 0 or not. It dies with this host, however
/// the host dies: <c>setpriv</c> (util-linux) asks the kernel for that where it is installed.
/// </summary>
public sealed class WorkerProgram(WorkerOptions options)
{
    private static readonly string? SetPriv = new[] { "/usr/bin/setpriv", "/bin/setpriv" }.FirstOrDefault(File.Exists);

    /// <summary>Runs it once. Null means success, else the reason: what it said last, or that it took too long.</summary>
    public async Task<string?> RunAsync(string item, string file, string output, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.TimeLimit);
        var ended = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The kernel ties the child to the thread that started it: this one lives as long as the child.
        new Thread(() => Run(item, file, output, ended, limit.Token)) { IsBackground = true, Name = "worker" }.Start();
        var failure = await ended.Task;
        cancel.ThrowIfCancellationRequested();
        return limit.IsCancellationRequested && failure is not null ? $"The worker took longer than {options.TimeLimit.TotalSeconds:0.#} s." : failure;
    }

    private void Run(string item, string file, string output, TaskCompletionSource<string?> ended, CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(Describe(item, file, output))!;
            using var stop = cancel.Register(() => Kill(process));
            var said = "";
            process.ErrorDataReceived += (_, line) => said = string.IsNullOrWhiteSpace(line.Data) ? said : line.Data.Trim();
            process.BeginErrorReadLine();
            process.WaitForExit();
            ended.SetResult(process.ExitCode == 0 ? null : $"The worker ended with {process.ExitCode}: {said}");
        }
        catch (Exception error)
        {
            ended.SetResult($"The worker cannot be run: {error.Message}");
        }
    }

    private ProcessStartInfo Describe(string item, string file, string output)
    {
        IReadOnlyList<string> command = OperatingSystem.IsLinux() && SetPriv is not null
            ? [SetPriv, "--pdeathsig", "KILL", .. options.Command] : options.Command;
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
