using System.Diagnostics;
using Xunit;

namespace Samples.Patterns.Pages;

/// <summary>A test that is killed cannot end what a page started in the background: that watches the test.</summary>
public sealed class KilledTestTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-killed-").FullName;

    [Fact]
    public async Task What_runs_in_the_background_ends_with_the_test_that_started_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are looked up in /proc.");
        var cancel = TestContext.Current.CancellationToken;
        var command = Path.Combine(_folder, "dotnet");
        var script = $"#!/bin/sh\necho $$ > {_folder}/pid\necho Ctrl-C stops everything\nexec sleep 300\n";
        await File.WriteAllTextAsync(command, script, cancel);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var test = Process.Start("sleep", "300");
        var stand = Path.Combine(AppContext.BaseDirectory, "Pages", "dotnet.sh");
        var info = new ProcessStartInfo("bash", [stand, "run", "--", "run", "pattern"]);
        foreach (var (name, value) in ((string, string)[])
            [("PAGE_TEST", $"{test.Id}"), ("PAGE_DOTNET", command), ("PAGE_FOLDER", _folder)])
            info.Environment[name] = value;
        using (var shell = Process.Start(info)!)
        {
            await shell.WaitForExitAsync(cancel);
            Assert.Equal(0, shell.ExitCode);
        }

        var running = $"/proc/{(await File.ReadAllTextAsync(Path.Combine(_folder, "pid"), cancel)).Trim()}";
        Assert.True(Directory.Exists(running));
        test.Kill();
        await test.WaitForExitAsync(cancel);
        for (var began = Stopwatch.GetTimestamp(); Directory.Exists(running); await Task.Delay(20, cancel))
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "it still runs");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
