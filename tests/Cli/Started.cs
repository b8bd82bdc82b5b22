using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Samples.Cli.Processes;
using Samples.Lab;
using Xunit;

namespace Samples.Cli.Tests;

/// <summary>The command as a process.</summary>
internal sealed partial class Started : IAsyncDisposable
{
    // Long, because the machine may be busy; nothing waits for it when all is well.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Process _process;
    private readonly Checkout _checkout;
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Is, TaskCompletionSource<string> Seen)> _waiting = [];
    private readonly Task _output;
    private readonly Task<string> _errors;
    private ControlClient? _control;

    public Started(Checkout checkout, string[] arguments)
    {
        _checkout = checkout;
        string[] command = ["dotnet", Path.Combine(Checkout.Artifacts, "Samples.Cli", "debug", "samples.dll"), .. arguments];
        // A shell that starts tests in the background has Ctrl-C ignored by all that follows; the command is to heed it here.
        if (OperatingSystem.IsLinux())
            command = ["env", "--default-signal=INT", .. command];
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = checkout.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        info.Environment["TMPDIR"] = checkout.Temporary;
        // What the user of these tests has there is none of their business, but for the programs of Dapr.
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        info.Environment["HOME"] = checkout.Home;
        info.Environment.TryAdd(Daprd.DaprPrograms.FolderVariable, home);
        _process = Process.Start(info)!;
        _errors = _process.StandardError.ReadToEndAsync(Checkout.Cancel);
        _output = ReadAsync();
    }

    public int Pid => _process.Id;

    public string Output
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Its control interface.</summary>
    public ControlClient Control => _control ??= new ControlClient(ControlAddress.Address, ControlAddress.Token);

    public (Uri Address, string Token) ControlAddress
    {
        get
        {
            var run = JsonSerializer.Deserialize<RunFile>(File.ReadAllText(Path.Combine(_checkout.Data, $"run-{Pid}.json")))!;
            return (new Uri(run.Control), run.Token);
        }
    }

    public async Task<Replica> ReplicaAsync(string name) => (await Control.ListAsync(Checkout.Cancel)).Single(r => r.Name == name);

    /// <summary>Waits until a replica is as wanted.</summary>
    public async Task<Replica> BecomesAsync(string name, Func<Replica, bool> wanted)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var replica = await ReplicaAsync(name);
            if (wanted(replica))
                return replica;
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"{replica}\n{Output}");
            await timer.WaitForNextTickAsync(Checkout.Cancel);
        }
    }

    /// <summary>Waits for a line of output that holds a text.</summary>
    public async Task<string> SeesAsync(string text)
    {
        Task<string> seen;
        lock (_lines)
        {
            if (_lines.FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal)) is { } line)
                return line;
            var waiting = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((l => l.Contains(text, StringComparison.Ordinal), waiting));
            seen = waiting.Task;
        }

        // The end of the output is the end of waiting, too.
        if (await Task.WhenAny(seen, _output).WaitAsync(Patience, Checkout.Cancel) == seen)
            return await seen;
        Assert.Fail($"'{text}' was never said:\n{Output}\n{await _errors}");
        return "";
    }

    /// <summary>Sends a signal: 2 is Ctrl-C, 9 gives it no chance, 15 asks.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(Pid, signal));

    /// <summary>Waits for its end.</summary>
    public async Task<Ended> EndAsync()
    {
        await _process.WaitForExitAsync(Checkout.Cancel).WaitAsync(Patience, Checkout.Cancel);
        await _output.WaitAsync(Patience, Checkout.Cancel);
        return new Ended(_process.ExitCode, Output, await _errors, Stopwatch.GetElapsedTime(_began));
    }

    /// <summary>Waits until no process with this id is left.</summary>
    public static async Task IsGoneAsync(int pid)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var began = Stopwatch.GetTimestamp();
        while (Native.StartOf(pid) is not null)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"process {pid} is still there");
            await timer.WaitForNextTickAsync(Checkout.Cancel);
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(Checkout.Cancel) is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
                foreach (var waiting in _waiting.Where(w => w.Is(line)))
                    waiting.Seen.TrySetResult(line);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _control?.Dispose();
        if (!_process.HasExited)
            Native.KillOne(Pid);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
