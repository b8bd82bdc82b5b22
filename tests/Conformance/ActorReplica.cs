using System.Diagnostics;
using Samples.Runtime;

namespace Samples.Conformance;

/// <summary>A replica in a process of its own, beside its sidecar, that can be killed and frozen.</summary>
internal sealed class ActorReplica : IAsyncDisposable
{
    private readonly Process _process;

    private ActorReplica(Process process, Sidecar sidecar, string log) => (_process, Sidecar, TurnLog) = (process, sidecar, log);

    public Sidecar Sidecar { get; }

    /// <summary>The file with its turns.</summary>
    public string TurnLog { get; }

    /// <summary>
    /// Right before it was killed, on the clock of the turns; null for one that was not. Its last turns lasted at least until then: when
    /// it died nobody knows exactly, and who waits for its end hears of it later than the runtime, which sees its connections break.
    /// </summary>
    public long? Killed { get; private set; }

    public static async Task<ActorReplica> StartAsync(DaprRuntime runtime, SidecarOptions options, string log)
    {
        var port = ActorMachine.FreePort();
        var sidecar = await runtime.AddSidecarAsync(options with { AppPort = port }, Machine.Cancel);
        var info = new ProcessStartInfo("dotnet") { RedirectStandardInput = true };
        info.ArgumentList.Add(Assembly);
        info.Environment["APP_PORT"] = $"{port}";
        info.Environment["DAPR_HTTP_PORT"] = $"{sidecar.HttpPort}";
        info.Environment["TURN_LOG"] = log;
        var replica = new ActorReplica(Process.Start(info)!, sidecar, log);
        await sidecar.WaitForAppAsync(Machine.Cancel);
        return replica;
    }

    public void Kill()
    {
        Killed = Stopwatch.GetTimestamp();
        _process.Kill();
        _process.WaitForExit();
    }

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    // The folder of the build: artifacts/bin/<project>/<configuration>/.
    private static string Assembly
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(own.Parent!.Parent!.FullName, "Samples.ActorApp", own.Name, "Samples.ActorApp.dll");
        }
    }

    private async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, $"{_process.Id}"]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
