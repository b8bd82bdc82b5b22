using System.Runtime.InteropServices;

namespace Samples.WorkerHost;

/// <summary>All processes that a session's leader has started.</summary>
internal static partial class ProcessGroup
{
    private const int SigKill = 9;

    /// <summary>SIGKILL to every process of the group; nothing where none is left.</summary>
    public static void Kill(int leader) => _ = Signal(-leader, SigKill);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
