using System.Runtime.InteropServices;

namespace Samples.Cli.Processes;

/// <summary>What .NET has no call for: signals to other processes, and becoming another program.</summary>
internal static partial class Native
{
    public const int SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;
    private const int SetParentDeathSignal = 1;

    public static void Signal(int pid, int signal)
    {
        if (pid > 0)
            _ = Kill(pid, signal);
    }

    /// <summary>
    /// Replaces this process by <paramref name="command"/>, which is then killed when its parent dies, however the parent died: what
    /// survives its supervisor holds ports and files.
    /// </summary>
    public static int BecomeChildOf(int parent, string[] command)
    {
        if (OperatingSystem.IsLinux())
            _ = Prctl(SetParentDeathSignal, SigKill, 0, 0, 0);
        // An own group: Ctrl-C in the terminal goes to the supervisor alone, which stops its children in order.
        _ = SetProcessGroup(0, 0);
        // The parent may have died before the call above.
        if (GetParent() != parent)
            return 1;
        _ = Execute(command[0], [.. command, null!]);
        Console.Error.WriteLine($"samples: cannot run '{command[0]}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}. Is it installed and on PATH?");
        return 127;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);

    [LibraryImport("libc", EntryPoint = "setpgid")]
    private static partial int SetProcessGroup(int pid, int group);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParent();

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string file, string[] arguments);
}
