using System.Diagnostics;
using Samples.Cli.Processes;
using Xunit;

namespace Samples.Cli.Tests;

/// <summary>A checkout of its own for one test, with patterns made of the test application; what the test started ends with it.</summary>
internal sealed class Checkout : IAsyncDisposable
{
    private readonly List<Started> _started = [];

    public Checkout()
    {
        File.WriteAllText(Path.Combine(Root, "Samples.sln"), "");
        Directory.CreateDirectory(Path.Combine(Root, "services"));
        Directory.CreateDirectory(Temporary);
        Directory.CreateDirectory(Home);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("samples-checkout-").FullName;

    /// <summary>What the command takes for the system's folder of temporary files.</summary>
    public string Temporary => Path.Combine(Root, "tmp");

    /// <summary>What the command takes for the user's folder.</summary>
    public string Home => Path.Combine(Root, "home");

    public string Data => Path.Combine(Root, ".samples");

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static string Artifacts { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", ".."));

    public static string App { get; } = Path.Combine(Artifacts, "Samples.CliApp", "debug", "Samples.CliApp.dll");

    /// <summary>Adds a pattern; the result is its folder.</summary>
    public string Add(string pattern, string template)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, "services", "part", pattern)).FullName;
        File.WriteAllText(Path.Combine(folder, "README.md"), $"# {pattern}\n\n> {pattern} keeps its word\n");
        File.WriteAllText(Path.Combine(folder, "dapr.yaml"), template);
        return folder;
    }

    /// <summary>A template of the test application, one entry an app.</summary>
    public static string Template(params string[] apps) => "version: 1\napps:\n" + string.Concat(apps);

    /// <summary>One entry; further lines are fields of it.</summary>
    public static string Entry(string appId, params string[] fields) =>
        $"- appID: {appId}\n  appDirPath: ./\n  command: [\"dotnet\", \"{App}\"]\n" + string.Concat(fields.Select(f => $"  {f}\n"));

    /// <summary>Runs the command to its end.</summary>
    public async Task<Ended> RunAsync(params string[] arguments)
    {
        await using var started = new Started(this, arguments);
        return await started.EndAsync();
    }

    /// <summary>Starts the command and leaves it running.</summary>
    public Started Start(params string[] arguments)
    {
        var started = new Started(this, arguments);
        _started.Add(started);
        return started;
    }

    /// <summary>Starts <c>samples run</c> and waits until everything is ready.</summary>
    public async Task<Started> RunUntilReadyAsync(params string[] arguments)
    {
        var started = Start(["run", .. arguments]);
        await started.SeesAsync("Ctrl-C stops everything");
        return started;
    }

    /// <summary>A port for a template, of a range from which neither the system nor the command gives any.</summary>
    public static int FixedPort()
    {
        while (true)
        {
            if (Random.Shared.Next(30_000, 32_768) is var port && FreePorts.IsFree(port))
                return port;
        }
    }

    /// <summary>
    /// Waits until no process works in this checkout: everything that the command starts does, and what that starts in turn.
    /// </summary>
    public async Task HasNoProcessLeftAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var began = Stopwatch.GetTimestamp();
        var processes = Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _));
        while (processes.Where(WorksHere).ToList() is { Count: > 0 } left)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(40), $"left: {string.Join(", ", left)}");
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    private bool WorksHere(string process)
    {
        try
        {
            return File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName.StartsWith(
                Root, StringComparison.Ordinal) == true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in _started)
            await started.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>How a command ended.</summary>
internal sealed record Ended(int Code, string Output, string Errors, TimeSpan Took);
