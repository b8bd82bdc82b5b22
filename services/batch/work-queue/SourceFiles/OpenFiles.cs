using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Samples.SourceFiles;

/// <summary>What stands in the way of reading a file.</summary>
internal enum FileUse
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Somebody has it open for writing, or keeps others from reading it.</summary>
    Writing,

    /// <summary>This process has no right to.</summary>
    Forbidden,
}

/// <summary>Whether somebody has a file open for writing.</summary>
internal static partial class OpenFiles
{
    private const int SetLease = 1024, ReadLease = 0, NoLease = 2, Again = 11;

    /// <summary>
    /// On Linux the kernel knows: it grants a read lease only on a file that nobody has open for writing. Windows refuses to share with a
    /// writer. Elsewhere, and for files of other owners, only writers that lock (as .NET's do) are seen.
    /// </summary>
    public static FileUse UseOf(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!OperatingSystem.IsLinux())
                return FileUse.None;
            if (Control(file, SetLease, ReadLease) != 0)
                return Marshal.GetLastPInvokeError() == Again ? FileUse.Writing : FileUse.None;
            _ = Control(file, SetLease, NoLease);
            return FileUse.None;
        }
        catch (IOException)
        {
            return FileUse.Writing;
        }
        catch (UnauthorizedAccessException)
        {
            return FileUse.Forbidden;
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, nint argument);
}
