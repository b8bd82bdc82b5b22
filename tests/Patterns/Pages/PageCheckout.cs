using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Samples.Patterns.Pages;

/// <summary>
/// A copy of the checkout, with what is built in it, in which the commands of pages are run as they stand. The ports that the run templates
/// and the pages name are others there, so that nothing that runs on this machine is met.
/// </summary>
public sealed partial class PageCheckout : IDisposable
{
    // Below the range that systems take ports for outgoing connections from: none of these is taken by chance.
    private const int FirstPort = 12000, LastPort = 30000;

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-pages-").FullName;
    private readonly Dictionary<string, string> _ports;

    public PageCheckout()
    {
        CopyFiles();
        Link("artifacts/bin", f => !Path.GetFileName(f).StartsWith("Samples.Patterns", StringComparison.Ordinal));
        Link("artifacts/obj", f => Path.GetFileName(f) == "Samples.Cli");
        _ports = TakePorts();
        foreach (var template in Directory.EnumerateFiles(Path.Combine(Root, "services"), "dapr.yaml", SearchOption.AllDirectories))
            File.WriteAllText(template, WithOtherPorts(File.ReadAllText(template)));
        foreach (var program in (string[])["dotnet", "curl"])
            Install(program);
        MakeHome();
    }

    // What a reader has there.
    private void MakeHome()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(Home, "Pictures")).FullName;
        File.Copy(Path.Combine(Checkout.Root, "services/batch/work-queue/kubernetes/items/red.png"), Path.Combine(pictures, "red.png"));
        var notes = Directory.CreateDirectory(Path.Combine(Home, "notes")).FullName;
        File.WriteAllText(Path.Combine(notes, "one.md"), "# A note\n\nTo read later.\n");
    }

    private string Root => Path.Combine(_folder, "samples");

    private string Home => Path.Combine(_folder, "home");

    /// <summary>Runs a block in a shell; the exit code, and what it and all in the background wrote.</summary>
    internal Task<(int ExitCode, string Output)> RunAsync(CommandBlock block, TimeSpan limit, CancellationToken cancel) =>
        RunAsync(["-e", "-c", WithOtherPorts(block.Code)], limit, cancel);

    /// <summary>Ctrl-C for what still runs; anything but an end in order is told.</summary>
    public Task<(int ExitCode, string Output)> InterruptAsync(TimeSpan limit, CancellationToken cancel) =>
        RunAsync(["-c", "dotnet interrupt-all"], limit, cancel);

    private async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, TimeSpan limit, CancellationToken cancel)
    {
        var info = new ProcessStartInfo("bash", arguments)
        {
            WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (var (name, value) in Environment())
            info.Environment[name] = value;
        using var shell = Process.Start(info)!;
        shell.StandardInput.Close();
        var said = new StringBuilder();
        DataReceivedEventHandler take = (_, line) =>
        {
            lock (said)
                said.AppendLine(line.Data);
        };
        shell.OutputDataReceived += take;
        shell.ErrorDataReceived += take;
        shell.BeginOutputReadLine();
        shell.BeginErrorReadLine();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(limit);
        try
        {
            await shell.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            shell.Kill(entireProcessTree: true);
            lock (said)
                said.AppendLine($"it did not end within {limit.TotalSeconds:0} s");
            return (-1, said + Background());
        }

        lock (said)
            return (shell.ExitCode, said + (shell.ExitCode == 0 ? "" : Background()));
    }

    private IEnumerable<(string Name, string? Value)> Environment()
    {
        var path = System.Environment.GetEnvironmentVariable("PATH") ?? "";
        yield return ("PATH", Path.Combine(_folder, "bin") + Path.PathSeparator + path);
        yield return ("PAGE_TEST", $"{System.Environment.ProcessId}");
        yield return ("PAGE_DOTNET", Find("dotnet"));
        yield return ("PAGE_CURL", Find("curl"));
        yield return ("PAGE_FOLDER", Directory.CreateDirectory(Path.Combine(_folder, "background")).FullName);
        yield return ("HOME", Home);
        yield return ("SAMPLES_NO_BUILD", "1");
        yield return ("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
        yield return ("DOTNET_NOLOGO", "1");
        // Packages were found by the home of whoever built this.
        var home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        var packages = System.Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(home, ".nuget", "packages");
        yield return ("NUGET_PACKAGES", packages);
    }

    private string Background()
    {
        var logs = Directory.EnumerateFiles(Path.Combine(_folder, "background"), "*.log");
        return string.Join('\n', logs.SelectMany(log => File.ReadLines(log).TakeLast(20).Prepend($"--- {Path.GetFileName(log)} ---")));
    }

    private void CopyFiles()
    {
        var skipped = new HashSet<string> { "artifacts", ".git", ".samples", ".vs", "TestResults" };
        foreach (var file in Below(Checkout.Root))
        {
            var copy = Path.Combine(Root, Path.GetRelativePath(Checkout.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        IEnumerable<string> Below(string folder) => Directory.EnumerateFiles(folder)
            .Concat(Directory.EnumerateDirectories(folder).Where(f => !skipped.Contains(Path.GetFileName(f))).SelectMany(Below));
    }

    // Hard links: gigabytes need no copy where nobody writes to them.
    private void Link(string folder, Func<string, bool> wanted)
    {
        Directory.CreateDirectory(Path.Combine(Root, folder));
        var projects = Directory.EnumerateDirectories(Path.Combine(Checkout.Root, folder)).Where(wanted);
        var info = new ProcessStartInfo("cp", ["-al", .. projects, Path.Combine(Root, folder)]) { RedirectStandardError = true };
        using var copy = Process.Start(info)!;
        var error = copy.StandardError.ReadToEnd();
        copy.WaitForExit();
        if (copy.ExitCode == 0)
            return;
        // Another file system.
        using var slow = Process.Start("cp", ["-R", .. projects, Path.Combine(Root, folder)]);
        slow.WaitForExit();
        if (slow.ExitCode != 0)
            throw new IOException($"What is built could not be copied to {Root}: {error}");
    }

    private void Install(string program)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName, program);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Pages", program + ".sh"), path);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The program's path; itself where there is none.</summary>
    internal static string Find(string program) => (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists) ?? program;

    private Dictionary<string, string> TakePorts()
    {
        var asked = Directory.EnumerateFiles(Path.Combine(Root, "services"), "dapr.yaml", SearchOption.AllDirectories)
            .SelectMany(t => PortField().Matches(File.ReadAllText(t)).Select(m => m.Groups["port"].Value)).Distinct().ToList();
        var next = Random.Shared.Next(FirstPort, LastPort - 10 * asked.Count);
        return asked.ToDictionary(p => p, _ =>
        {
            while (!IsFree(++next))
            {
            }

            return $"{next}";
        });
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Any, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string WithOtherPorts(string text) => Number().Replace(text, n => _ports.GetValueOrDefault(n.Value, n.Value));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // appPort: 5331, daprHTTPPort: 6331, RESP_PORT: "6500"
    [GeneratedRegex("""[pP](ort|ORT): *"?(?<port>[0-9]{4,5})\b""")]
    private static partial Regex PortField();

    [GeneratedRegex(@"\b[0-9]{4,5}\b")]
    private static partial Regex Number();
}
