using System.Diagnostics;
using Samples.Cli.Control;
using Samples.Cli.Processes;
using Samples.Lab;
using Xunit;

namespace Samples.Cli.Tests.Supervision;

/// <summary>A suite of patients with its control interface, in this process.</summary>
internal sealed class Session : IAsyncDisposable
{
    /// <summary>In the environment of every process of a session, and of what they start.</summary>
    public const string MarkVariable = "SUPERVISION_SESSION";

    // Nobody's work is at stake here.
    private static readonly TimeSpan Farewell = TimeSpan.FromMilliseconds(200);

    private readonly string _mark = $"{Guid.NewGuid():N}";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("samples-supervision-");
    private readonly StubSidecars _sidecars;
    private readonly Suite _suite;
    private ControlServer? _server;

    private Session(int seed, TimeSpan farewell)
    {
        _sidecars = new StubSidecars(seed);
        // The kernel ties nobody to this process, but the guard does.
        var launcher = new Launcher((_, command) => new ProcessStartInfo("setsid", command));
        _suite = new Suite(_sidecars, new SuiteOptions(_folder.FullName, FreePorts: true, (_, _) => { }) { Farewell = farewell }, launcher);
    }

    /// <summary>Starts everything.</summary>
    /// <param name="seed">Decides how long sidecars take, and which of them fail.</param>
    /// <param name="patients">One replica each.</param>
    /// <param name="farewell">How long a program may take to end.</param>
    /// <param name="limit">How long the control interface may take to answer.</param>
    public static async Task<Session> StartAsync(int seed, IEnumerable<Patient> patients, TimeSpan? farewell = null, TimeSpan? limit = null)
    {
        var session = new Session(seed, farewell ?? Farewell);
        session._server = await ControlServer.StartAsync(session._suite, () => session._suite.WaitsFor, Checkout.Cancel, limit);
        await session._suite.StartAsync([.. patients.Select(p => p.Entry(session._folder.FullName, session._mark))], Checkout.Cancel);
        return session;
    }

    /// <summary>Another client of the control interface.</summary>
    public ControlClient Connect() => new(_server!.Address, _server.Token);

    /// <summary>Ends everything, as the end of a run does.</summary>
    public Task CloseAsync() => _suite.DisposeAsync().AsTask();

    /// <summary>Nothing runs and no port is taken.</summary>
    public async Task IsGoneAsync(TimeSpan patience)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var began = Stopwatch.GetTimestamp();
        while (Left() is { Count: > 0 } left)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < patience, $"left: {string.Join(", ", left)}");
            await timer.WaitForNextTickAsync(Checkout.Cancel);
        }
    }

    private List<string> Left() =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _))
            .Where(d => Read(d, "environ").Contains(_mark, StringComparison.Ordinal))
            .Select(d => $"{Path.GetFileName(d)} {Read(d, "cmdline").Replace('\0', ' ')}"),
        // Another program on this machine may have taken one meanwhile. Ours are the processes above, and this one with its sidecars.
        .. Listeners.Find()
            .Where(l => _sidecars.Ports.Contains(l.Key) && l.Value.Contains($"(process {Environment.ProcessId})", StringComparison.Ordinal))
            .Select(l => $"port {l.Key}"),
    ];

    private static string Read(string process, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is somebody else's.
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
