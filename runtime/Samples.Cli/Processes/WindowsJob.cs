using System.Runtime.InteropServices;

namespace Samples.Cli.Processes;

/// <summary>
/// On Windows, a job object that this process and all that it starts belong to: when the last handle to it closes, which is when this
/// process ends in whatever way, Windows ends the rest.
/// </summary>
internal static partial class WindowsJob
{
    private const int ExtendedLimitInformation = 9, KillOnClose = 0x2000;

    /// <summary>Ties everything that this process starts from now on to its life.</summary>
    public static void Join()
    {
        // The handle stays open on purpose: its closing is the signal.
        var job = CreateJobObject(0, null);
        var limits = new ExtendedLimits { Basic = { LimitFlags = KillOnClose } };
        if (job == 0 || !SetInformationJobObject(job, ExtendedLimitInformation, limits, Marshal.SizeOf<ExtendedLimits>())
            || !AssignProcessToJobObject(job, -1))
            Console.Error.WriteLine(
                "warning: Windows refuses a job object; if this command is ended by force, its services must be ended by hand.");
    }

    [LibraryImport("kernel32", EntryPoint = "CreateJobObjectW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint CreateJobObject(nint attributes, string? name);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetInformationJobObject(nint job, int kind, in ExtendedLimits limits, int size);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(nint job, nint process);

    [StructLayout(LayoutKind.Sequential)]
    private struct BasicLimits
    {
        public long ProcessTime, JobTime;
        public int LimitFlags;
        public nint LeastWorkingSet, MostWorkingSet;
        public int ActiveProcesses;
        public nint Affinity;
        public int PriorityClass, SchedulingClass;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ExtendedLimits
    {
        public BasicLimits Basic;
        public ulong Reads, Writes, Others, ReadBytes, WrittenBytes, OtherBytes;
        public nint ProcessMemory, JobMemory, PeakProcessMemory, PeakJobMemory;
    }
}
