using System.Diagnostics;

namespace Samples.Benchmarks;

/// <summary>A process that is measured: started by a comparison, and gone with it.</summary>
public sealed class Peer : IAsyncDisposable
{
    private readonly Process _process;

    private Peer(Process process) => _process = process;

    /// <summary>Processor time that it has used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Resident memory in bytes, where a page of several processes counts for each by its share; Linux says it.</summary>
    public long ProportionalMemory => OperatingSystem.IsLinux()
        ? File.ReadLines($"/proc/{_process.Id}/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            ? long.Parse(kilobytes, System.Globalization.CultureInfo.InvariantCulture) << 10
            : 0
        : Memory;

    /// <summary>Starts a part of this program as a process of its own; the result's text is the first line that it printed.</summary>
    public static Task<(Peer Peer, string FirstLine)> StartOwnAsync(IReadOnlyList<string> arguments, CancellationToken cancel) =>
        StartAsync(Environment.ProcessPath!, Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [typeof(Peer).Assembly.Location, .. arguments] : arguments, cancel);

    /// <summary>Starts a program and waits for its first line; what it says later is not kept.</summary>
    public static async Task<(Peer Peer, string FirstLine)> StartAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancel, IReadOnlyDictionary<string, string>? environment = null)
    {
        // Our own programs end when their standard input does: also where this process is killed.
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;
        var process = Process.Start(info) ?? throw new InvalidOperationException($"{program} cannot be started.");
        var line = await process.StandardOutput.ReadLineAsync(cancel);
        if (line is null)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended at once.");
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        return (new Peer(process), line);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
