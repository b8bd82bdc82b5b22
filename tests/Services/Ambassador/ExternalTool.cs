using System.Diagnostics;
using Xunit;

namespace Samples.Services.Ambassador;

/// <summary>A program of the machine that a test talks to; without it the test is skipped and says what to install.</summary>
internal static class ExternalTool
{
    private static readonly string[] Folders = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"];

    public static string Require(string program, string package)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(Folders)
            .Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"'{program}' is not installed; the package is called {package}.");
        return path!;
    }

    /// <summary>Runs it to its end; the result is all that it printed.</summary>
    public static async Task<string> RunAsync(string path, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var cancel = TestContext.Current.CancellationToken;
            var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            await process.WaitForExitAsync(cancel);
            return string.Concat(texts);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
