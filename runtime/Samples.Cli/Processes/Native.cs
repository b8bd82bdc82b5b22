using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Samples.Cli.Processes;

/// <summary>
/// Everything that differs between Linux, macOS and Windows: signals to other processes, process groups, and becoming another program.
/// A replica's process leads a process group, and what it starts belongs to that.
/// </summary>
internal static partial class Native
{
    private const int SigKill = 9, SigTerm = 15, SetParentDeathSignal = 1;

    // The numbers differ: Linux's SIGSTOP is macOS's SIGTSTP's neighbour.
    private static int SigStop => OperatingSystem.IsLinux() ? 19 : 17;

    private static int SigCont => OperatingSystem.IsLinux() ? 18 : 19;

    /// <summary>Ends a replica and all that it started, at once.</summary>
    public static void Kill(int pid)
    {
        if (OperatingSystem.IsWindows())
            With(pid, process => process.Kill(entireProcessTree: true));
        else
            SignalGroup(pid, SigKill);
    }

    /// <summary>Ends what a replica left behind when it ended itself, so that nothing holds its ports.</summary>
    public static void KillLeftovers(int pid)
    {
        if (!OperatingSystem.IsWindows() && pid > 1)
            _ = SendSignal(-pid, SigKill);
    }

    /// <summary>Ends one process, at once.</summary>
    public static void KillOne(int pid)
    {
        if (OperatingSystem.IsWindows())
            With(pid, process => process.Kill());
        else if (pid > 1)
            _ = SendSignal(pid, SigKill);
    }

    /// <summary>Asks a process to end. Windows has no such request for a process without a window: there it is ended.</summary>
    public static void Terminate(int pid)
    {
        if (OperatingSystem.IsWindows())
            With(pid, process => process.Kill());
        else if (pid > 1)
            _ = SendSignal(pid, SigTerm);
    }

    /// <summary>Stops the clock of a replica and of all that it started.</summary>
    public static void Freeze(int pid)
    {
        if (OperatingSystem.IsWindows())
            With(pid, process => _ = NtSuspendProcess(process.Handle));
        else
            SignalGroup(pid, SigStop);
    }

    /// <summary>Whether a process that was told to stand still does, as far as the system tells.</summary>
    public static bool StandsStill(int pid) => !OperatingSystem.IsLinux() || StateOf(pid) is null or 'T' or 'Z' or 'X';

    /// <summary>
    /// Whether a process that was started here has become the program asked for, or will in the next instant: it leads its group then.
    /// </summary>
    public static bool LeadsItsGroup(int pid) => OperatingSystem.IsWindows() || GetProcessGroup(pid) == pid;

    /// <summary>Lets it go on.</summary>
    public static void Resume(int pid)
    {
        if (OperatingSystem.IsWindows())
            With(pid, process => _ = NtResumeProcess(process.Handle));
        else
            SignalGroup(pid, SigCont);
    }

    /// <summary>
    /// When a process started, in UTC; null when there is none. One that has ended and that its parent has not asked about yet counts
    /// as gone: in a container without an init process it stays for ever.
    /// </summary>
    public static DateTime? StartOf(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux() && (StateOf(pid) is null or 'Z' or 'X'))
                return null;
            using var process = Process.GetProcessById(pid);
            return process.StartTime.ToUniversalTime();
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The kernel's letter for what a process does on Linux; null when there is none.
    private static char? StateOf(int pid)
    {
        try
        {
            // It follows the name, which stands in brackets and may hold anything.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Replaces this process by <paramref name="command"/> as the leader of a group of its own: Ctrl-C in the terminal goes to the
    /// supervisor alone, which stops its children in order. On Linux the kernel kills it when <paramref name="parent"/> dies, however it
    /// died; 0 means never.
    /// </summary>
    public static int Become(int parent, string[] command)
    {
        _ = SetProcessGroup(0, 0);
        if (parent > 0)
        {
            if (OperatingSystem.IsLinux())
                _ = Prctl(SetParentDeathSignal, SigKill, 0, 0, 0);
            // The parent may have died before the call above.
            if (GetParent() != parent)
                return 1;
        }

        _ = Execute(command[0], [.. command, null!]);
        Console.Error.WriteLine($"samples: cannot run '{command[0]}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        return 127;
    }

    // A process that was started a moment ago may not lead its group yet.
    private static void SignalGroup(int pid, int signal)
    {
        if (pid > 1 && SendSignal(-pid, signal) != 0)
            _ = SendSignal(pid, signal);
    }

    private static void With(int pid, Action<Process> act)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            act(process);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);

    [LibraryImport("libc", EntryPoint = "setpgid")]
    private static partial int SetProcessGroup(int pid, int group);

    [LibraryImport("libc", EntryPoint = "getpgid")]
    private static partial int GetProcessGroup(int pid);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParent();

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string file, string[] arguments);

    [LibraryImport("ntdll")]
    private static partial int NtSuspendProcess(nint process);

    [LibraryImport("ntdll")]
    private static partial int NtResumeProcess(nint process);
}
