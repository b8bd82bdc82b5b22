using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Samples.SourceFiles;

/// <summary>Whether somebody has a file open for writing.</summary>
internal static partial class OpenFiles
{
    private const int SetLease = 1024, ReadLease = 0, NoLease = 2, Again = 11;

    /// <summary>
    /// On Linux the kernel knows: it grants a read lease only on a file that nobody has open for writing. Windows refuses to share with a
    /// writer. Elsewhere, and for files of other owners, only writers that lock (as .NET's do) are seen.
    /// </summary>
    public static bool IsBeingWritten(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!OperatingSystem.IsLinux())
                return false;
            if (Control(file, SetLease, ReadLease) != 0)
                return Marshal.GetLastPInvokeError() == Again;
            _ = Control(file, SetLease, NoLease);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, nint argument);
}
