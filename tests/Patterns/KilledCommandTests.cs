using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Samples.Lab;
using Xunit;

namespace Samples.Patterns;

/// <summary>
/// <c>kill -9</c> of the command itself, at moments that a seed chooses: nothing it started is left behind, and the next start goes on with
/// the same data until every picture is done, once.
/// </summary>
public sealed class KilledCommandTests : IDisposable
{
    private const int Seed = 20, Kills = 4, Pictures = 24;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _data = Directory.CreateTempSubdirectory("samples-killed-").FullName;

    [Fact]
    public async Task Every_picture_is_done_once_in_its_record_however_often_the_command_is_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What is left behind is looked up in /proc.");
        var random = new Random(Seed);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var command = Start();
            // From before anything is up to the middle of the work.
            await Task.Delay(TimeSpan.FromSeconds(0.5 + 5 * random.NextDouble()), TestContext.Current.CancellationToken);
            Assert.False(command.HasExited, "the command ended by itself");
            command.Kill();
            await command.WaitForExitAsync(TestContext.Current.CancellationToken);
            await WaitAsync("nothing of the run is left", () => Task.FromResult(LeftBehind().Count == 0));
        }

        using var last = Start();
        try
        {
            using var queue = new HttpClient();
            await WaitAsync("the queue answers", async () => await TryConnectAsync(last, queue));
            await WaitAsync($"{Pictures} pictures are done", async () => (await StatsAsync(queue))?.GetValueOrDefault("done") == Pictures);
            var items = await queue.GetFromJsonAsync<JsonElement>("items", TestContext.Current.CancellationToken);
            Assert.Equal(Pictures, items.GetArrayLength());
            Assert.All(items.EnumerateArray(), item => Assert.Equal("done", item.GetProperty("state").GetString()));
            Assert.All(items.EnumerateArray(), item => Assert.Equal(1, item.GetProperty("completions").GetInt32()));
            Assert.Equal(Pictures, Directory.EnumerateFiles(Path.Combine(_data, "work-queue", "thumbnails"), "*.png").Count());
        }
        finally
        {
            last.Kill();
            await last.WaitForExitAsync(CancellationToken.None);
        }
    }

    private Process Start()
    {
        var info = new ProcessStartInfo("dotnet", [Checkout.Command, "run", "work-queue", "--free-ports", "--data", _data])
        {
            WorkingDirectory = Checkout.Root, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        var process = Process.Start(info)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    // As every process of the run has it in its environment.
    private List<string> LeftBehind()
    {
        var processes = Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _));
        return [.. processes.Where(p => Read(Path.Combine(p, "environ")).Contains(_data, StringComparison.Ordinal))];
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is somebody else's.
            return "";
        }
    }

    // The command tells the other commands of its user where its control interface is, and that tells where a sidecar is.
    private static async Task<bool> TryConnectAsync(Process command, HttpClient queue)
    {
        var file = Path.Combine(Checkout.Root, ".samples", $"run-{command.Id}.json");
        if (!File.Exists(file) || Read(file) is not { Length: > 0 } text)
            return false;
        var run = JsonDocument.Parse(text).RootElement;
        using var control = new ControlClient(new Uri(run.GetProperty("Control").GetString()!), run.GetProperty("Token").GetString()!);
        var replicas = await control.ListAsync(TestContext.Current.CancellationToken);
        if (replicas.FirstOrDefault(r => r.AppId == "source-files") is not { } replica)
            return false;
        queue.BaseAddress = new Uri($"http://127.0.0.1:{replica.DaprHttpPort}/v1.0/invoke/queue-manager/method/");
        return true;
    }

    private static async Task<Dictionary<string, int>?> StatsAsync(HttpClient queue)
    {
        try
        {
            return await queue.GetFromJsonAsync<Dictionary<string, int>>("stats", TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            // The managers are still starting.
            return null;
        }
    }

    private string Logs()
    {
        var logs = Directory.EnumerateFiles(_data, "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        return string.Join('\n', logs.SelectMany(log => File.ReadLines(log).TakeLast(8).Prepend($"--- {Path.GetFileName(log)} ---")));
    }

    private async Task WaitAsync(string what, Func<Task<bool>> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"Not within {Patience.TotalMinutes:0} minutes: {what}\n{Logs()}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);
}
