using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>A real Redis server of one test: a free port on loopback, a folder of its own, gone with the test.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    public const string Missing = "needs redis-server (apt-get install redis-server)";

    private readonly bool _durable;
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-redis-").FullName;
    private Process _process = null!;

    private RedisServer(bool durable)
    {
        _durable = durable;
        // A test that ran out of time disposes of nothing.
        AppDomain.CurrentDomain.ProcessExit += EndWithTests;
    }

    public int Port { get; private set; }

    public string Host => $"127.0.0.1:{Port}";

    public static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "redis-server")) || File.Exists(Path.Combine(folder, "redis-server.exe")));

    /// <summary>Starts one, or skips the test. A durable one has every acknowledged write on the disk.</summary>
    public static async Task<RedisServer> StartAsync(CancellationToken cancel, bool durable = false)
    {
        Assert.SkipUnless(IsInstalled, Missing);
        var server = new RedisServer(durable);
        // Another process may take the free port first.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            cancel.ThrowIfCancellationRequested();
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                server.Port = ((IPEndPoint)probe.LocalEndpoint).Port;
            }

            if (await server.RunAsync(cancel))
                return server;
        }

        throw new InvalidOperationException("redis-server does not start");
    }

    /// <summary>A connection of the test's own.</summary>
    public Task<ConnectionMultiplexer> ConnectAsync() =>
        ConnectionMultiplexer.ConnectAsync($"{Host},allowAdmin=true,connectTimeout=20000,asyncTimeout=20000");

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>Starts again on the same port and folder.</summary>
    public async Task StartAgainAsync() => Assert.True(await RunAsync(CancellationToken.None), "redis-server does not start again");

    private async Task<bool> RunAsync(CancellationToken cancel)
    {
        var start = new ProcessStartInfo("redis-server",
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--appendonly", _durable ? "yes" : "no",
            "--appendfsync", "always",
        ])
        { RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        while (await _process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            if (!line.Contains("Ready to accept connections", StringComparison.Ordinal))
                continue;
            // A pipe that nobody reads would stop the server one day.
            _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return true;
        }

        await _process.WaitForExitAsync(cancel);
        _process.Dispose();
        return false;
    }

    private void EndWithTests(object? sender, EventArgs e)
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndWithTests;
        try
        {
            await KillAsync();
        }
        catch (InvalidOperationException)
        {
            // The test has killed it.
        }

        Directory.Delete(_folder, recursive: true);
    }
}
