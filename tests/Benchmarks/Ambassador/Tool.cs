using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Samples.Benchmarks.Ambassador;

/// <summary>A program of the machine, or a service of this project, that runs for a comparison and is killed after it.</summary>
internal sealed class Tool : IAsyncDisposable
{
    private static readonly string[] Folders = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"];

    private readonly Process _process;
    private string _last = "";

    private Tool(Process process) => _process = process;

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

    /// <summary>The same apart, with that of the processes that it started: outside of the kernel, and in it.</summary>
    public (TimeSpan User, TimeSpan Kernel) Times
    {
        get
        {
            var (user, kernel) = (TimeSpan.Zero, TimeSpan.Zero);
            foreach (var id in (int[])[_process.Id, .. Children(_process.Id)])
            {
                using var process = Process.GetProcessById(id);
                (user, kernel) = (user + process.UserProcessorTime, kernel + process.PrivilegedProcessorTime);
            }

            return (user, kernel);
        }
    }

    private static IEnumerable<int> Children(int id)
    {
        var file = $"/proc/{id}/task/{id}/children";
        return File.Exists(file) ? File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse) : [];
    }

    /// <summary>The path of an installed program.</summary>
    public static string Find(string program, string package) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(Folders).Select(f => Path.Combine(f, program))
            .FirstOrDefault(File.Exists)
        ?? throw new MissingPeerException($"'{program}' is not installed; the package is called {package}.");

    /// <summary>Starts it and waits until a port is open.</summary>
    public static async Task<Tool> StartAsync(
        string path, IEnumerable<string> arguments, int port, CancellationToken cancel, params (string Name, string Value)[] environment)
    {
        var tool = Start(path, arguments, environment);
        while (!await IsOpenAsync(port, cancel))
        {
            tool.ThrowIfEnded();
            await Task.Delay(50, cancel);
        }

        return tool;
    }

    /// <summary>Starts one that opens no port.</summary>
    public static Tool Start(string path, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        var tool = new Tool(Process.Start(info)!);
        tool._process.OutputDataReceived += (_, line) => tool._last = line.Data ?? tool._last;
        tool._process.ErrorDataReceived += (_, line) => tool._last = line.Data ?? tool._last;
        tool._process.BeginOutputReadLine();
        tool._process.BeginErrorReadLine();
        return tool;
    }

    /// <summary>Throws with what it said last where it runs no more.</summary>
    public void ThrowIfEnded()
    {
        if (_process.HasExited)
            throw new InvalidOperationException($"{_process.StartInfo.FileName} ended at once: {_last}");
    }

    /// <summary>Starts a service of this project, of the configuration that this program has.</summary>
    public static Task<Tool> StartServiceAsync(
        string project, int port, CancellationToken cancel, params (string Name, string Value)[] environment)
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var assembly = Path.Combine(
            Path.GetDirectoryName(Path.GetDirectoryName(output))!, project, Path.GetFileName(output), project + ".dll");
        return StartAsync("dotnet", [assembly], port, cancel, environment);
    }

    /// <summary>Runs a program to its end; the result is what it printed.</summary>
    public static async Task<string> RunAsync(string path, string[] arguments, CancellationToken cancel)
    {
        using var process = Process.Start(
            new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0
                ? texts[0]
                : throw new InvalidOperationException($"{path} {string.Join(' ', arguments)}: {texts[1]}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task<bool> IsOpenAsync(int port, CancellationToken cancel)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
