using System.ComponentModel;
using System.Diagnostics;

namespace Samples.TopzSidecar;

/// <summary>The processes where there is no <c>/proc</c>: what .NET can tell of those that this user may look at.</summary>
public sealed class SystemProcesses : IProcessTable
{
    /// <inheritdoc/>
    public long TotalMemory { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <inheritdoc/>
    public IReadOnlyList<ProcessReading> Read()
    {
        var all = new List<ProcessReading>();
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                try
                {
                    all.Add(new ProcessReading(
                        process.Id,
                        0,
                        process.StartTime.Ticks,
                        '?',
                        process.TotalProcessorTime,
                        process.WorkingSet64,
                        process.ProcessName));
                }
                catch (Exception error) when (error is Win32Exception or InvalidOperationException or NotSupportedException)
                {
                    // It has ended, or is not ours to look at.
                }
            }
        }

        return all;
    }
}
