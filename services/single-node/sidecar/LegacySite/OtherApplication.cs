using System.Runtime.InteropServices;
using System.Text;
using Samples.Pod;

namespace Samples.LegacySite;

/// <summary>
/// Another application in this one's place: the same process, so that who stops or kills this one stops or kills that one.
/// </summary>
public static partial class OtherApplication
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Between = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits for the configuration file, because most applications do not start without theirs, and becomes the command.</summary>
    public static async Task<int> BecomeAsync(string command, SiteOptions options)
    {
        Directory.CreateDirectory(options.Files.Folder);
        // It cannot be asked to say where it listens; its template needs to know.
        AtomicFile.Write(options.Files.Address, Encoding.ASCII.GetBytes($"127.0.0.1:{options.Port}\n"));
        using var limit = new CancellationTokenSource(Patience);
        while (!File.Exists(options.Files.Configuration))
        {
            if (limit.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync(
                    $"There is no {options.Files.Configuration} after {Patience.TotalSeconds:0} s; config-sidecar writes it.");
                return 1;
            }

            await Task.Delay(Between, CancellationToken.None);
        }

        string?[] words = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Fill(word, options)), null];
        _ = Execute(words[0]!, words);
        var error = Marshal.GetLastPInvokeError();
        await Console.Error.WriteLineAsync(
            $"LEGACY_COMMAND is '{command}', which cannot be started (error {error}); give a program and its arguments.");
        return 1;
    }

    private static string Fill(string word, SiteOptions options) =>
        word.Replace("{port}", $"{options.Port}").Replace("{data}", options.Files.Folder);

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string file, string?[] arguments);
}
