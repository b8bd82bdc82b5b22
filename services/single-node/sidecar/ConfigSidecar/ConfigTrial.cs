using System.ComponentModel;
using System.Diagnostics;

namespace Samples.ConfigSidecar;

/// <summary>
/// Asks the application's own checker (<c>nginx -t</c>, <c>legacy-site --check</c>) what it thinks of a file that is not live.
/// </summary>
public sealed class ConfigTrial(ConfigOptions options)
{
    private const int LongestReason = 500;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Null where it would be taken, or the reason why not.</summary>
    public async Task<string?> TryAsync(string file, CancellationToken cancel)
    {
        if (options.Check is not { } command)
            return null;
        string[] words =
        [
            .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(w => w.Replace("{file}", file).Replace("{data}", options.Files.Folder))
        ];
        var info = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(info)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(Limit);
            try
            {
                var said = await Task.WhenAll(
                    process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
                await process.WaitForExitAsync(limit.Token);
                return process.ExitCode == 0 ? null : Shorten(string.Concat(said).Trim());
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return $"the check did not end within {Limit.TotalSeconds:0} s";
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }
        }
        catch (Win32Exception error)
        {
            return $"CHECK_COMMAND cannot be started: {error.Message}";
        }
    }

    private static string Shorten(string text) =>
        text.Length == 0 ? "the check refused it without a word" : text.Length > LongestReason ? text[..LongestReason] : text;
}
