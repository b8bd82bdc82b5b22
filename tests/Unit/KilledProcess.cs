using System.Diagnostics;
using Xunit;

namespace Samples.Unit;

/// <summary>A process that is killed in the middle of its work.</summary>
internal static class KilledProcess
{
    /// <summary>Runs <c>Samples.BrokerHost</c> and kills it after so many lines; all lines that it wrote.</summary>
    public static async Task<List<string>> RunAsync(int linesBeforeKill, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Samples.BrokerHost.dll"), .. arguments])
        { RedirectStandardOutput = true };
        using var host = Process.Start(start)!;
        var lines = new List<string>();
        while (await host.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lines.Add(line);
            if (lines.Count == linesBeforeKill)
                host.Kill(); // SIGKILL; what it had written to the pipe is read to the end, and a line is written whole or not at all.
        }

        await host.WaitForExitAsync(CancellationToken.None);
        Assert.True(lines.Count >= linesBeforeKill, "the host ended by itself");
        return lines;
    }
}
