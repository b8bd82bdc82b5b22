using System.Diagnostics;
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
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("samples-checkout-").FullName;

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

    public async ValueTask DisposeAsync()
    {
        foreach (var started in _started)
            await started.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>How a command ended.</summary>
internal sealed record Ended(int Code, string Output, string Errors, TimeSpan Took);
