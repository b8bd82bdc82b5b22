using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Samples.Cli.Control;
using Samples.Cli.Daprd;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Runtime;
using Spectre.Console;

namespace Samples.Cli.Processes;

/// <summary>
/// Patterns that run with all that belongs to them: logs, the runtime, the processes, the control interface, the scaling, and the file by
/// which other invocations of the command find them. Disposal stops the processes in order and forgets the rest after that.
/// </summary>
internal sealed class LiveRun : IAsyncDisposable
{
    // Disposed from the last to the first.
    private readonly Stack<object> _parts = new();

    private LiveRun(Suite suite, ISidecars sidecars, SuiteOptions options) => (Suite, Sidecars, Options) = (suite, sidecars, options);

    public Suite Suite { get; }

    public ISidecars Sidecars { get; }

    public SuiteOptions Options { get; }

    /// <summary>What was not ready in time.</summary>
    public IReadOnlyList<Unready> Unready { get; private set; } = [];

    /// <summary>
    /// Starts every replica and waits until all are ready. Throws <see cref="Samples.Runtime.Resources.ResourceException"/> and leaves
    /// nothing running.
    /// </summary>
    public static async Task<LiveRun> StartAsync(
        Repository repository, IReadOnlyList<RunEntry> entries, LiveRunOptions how, CancellationToken cancel)
    {
        var logs = new ReplicaLogs(Path.Combine(how.Data, "logs"), how.Console);
        foreach (var entry in entries)
        {
            logs.Direct(entry.AppId, entry.AppLog);
            logs.Direct("sidecar." + entry.AppId, entry.SidecarLog);
        }

        var loggers = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Debug).AddProvider(new LogLines(logs, entries)));
        ISidecars sidecars;
        try
        {
            sidecars = how.Runtime == RuntimeKind.Daprd
                ? await DaprdSidecars.StartAsync(entries, how.Data, alone: how.Kind == "tour", logs, cancel)
                : new EmbeddedSidecars(new DaprRuntime(new RuntimeOptions { Loggers = loggers }));
        }
        catch
        {
            loggers.Dispose();
            logs.Dispose();
            throw;
        }

        var temporary = TemporaryFolder.Create(how.Data);
        var options = new SuiteOptions(how.Data, how.FreePorts, logs.Write) { Environment = how.Environment, Temporary = temporary.Path };
        var run = new LiveRun(new Suite(sidecars, options, new Launcher()), sidecars, options);
        try
        {
            run._parts.Push(temporary);
            run._parts.Push(logs);
            run._parts.Push(loggers);
            run._parts.Push(sidecars);
            var control = await ControlServer.StartAsync(run.Suite, () => run.Suite.WaitsFor, cancel);
            options.Control = (control.Address, control.Token);
            string[] patterns = [.. entries.Select(e => e.Pattern).Distinct()];
            var file = RunFile.OfThisProcess(patterns, control.Address.ToString(), control.Token, how.Data, how.Kind);
            run._parts.Push(file.Publish(repository.Data));
            run._parts.Push(control);
            run._parts.Push(run.Suite);
            await run.Suite.StartAsync(entries, cancel);
            run.Unready = await Readiness.WaitAsync(run.Suite.Members, how.Patience, cancel);
            if (how.Kind == "tour" && run.Unready.Count > 0)
                throw run.Unready[0].Error;
            run._parts.Push(LateArrivals.Await(run.Unready, logs.Write));
            run._parts.Push(Autoscaler.Start(run.Suite, logs.Write));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Exception? first = null;
        while (_parts.TryPop(out var part))
        {
            try
            {
                if (part is IAsyncDisposable slow)
                    await slow.DisposeAsync();
                else
                    ((IDisposable)part).Dispose();
            }
            catch (Exception error)
            {
                // The others are taken down all the same.
                first ??= error;
            }
        }

        if (first is not null)
            ExceptionDispatchInfo.Throw(first);
    }
}

/// <summary>How patterns run.</summary>
/// <param name="Kind"><c>run</c> or <c>tour</c>.</param>
/// <param name="Data">Where everything is kept.</param>
/// <param name="FreePorts">Ignore the template's ports.</param>
/// <param name="Console">Where log lines are shown; nowhere when null.</param>
/// <param name="Patience">How long applications may take to be ready.</param>
internal sealed record LiveRunOptions(string Kind, string Data, bool FreePorts, IAnsiConsole? Console, TimeSpan Patience)
{
    /// <summary>Whose sidecars.</summary>
    public RuntimeKind Runtime { get; init; }

    /// <summary>Over the templates' environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
