using System.Runtime.InteropServices;

namespace Samples.Cli.DropIn;

/// <summary>The name under which this program was called: a link to it may be called daprd.</summary>
internal static partial class InvokedAs
{
    /// <summary>Without folder and extension.</summary>
    public static string Name => System.IO.Path.GetFileNameWithoutExtension(Path());

    // The runtime tells the path of the program that a link leads to; the name of the link is the system's to say.
    private static string Path()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ReadAllText("/proc/self/cmdline").Split('\0')[0];
            if (OperatingSystem.IsMacOS())
                return Marshal.PtrToStringUTF8(GetProgramName()) ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or EntryPointNotFoundException)
        {
            // Then it is called by its own name.
        }

        return Environment.ProcessPath ?? "";
    }

    [LibraryImport("libc", EntryPoint = "getprogname")]
    private static partial nint GetProgramName();
}
