using System.Diagnostics;
using Garnet;

namespace Samples.LegacyRedis;

/// <summary>The server: <c>redis-server</c> as a child of this process, or Garnet inside it. What it holds is gone with it.</summary>
internal sealed class RedisProcess : IDisposable
{
    private readonly Process? _redis;
    private readonly GarnetServer? _garnet;

    private RedisProcess(Process? redis, GarnetServer? garnet) => (_redis, _garnet) = (redis, garnet);

    /// <summary>What runs.</summary>
    public string Name => _redis is not null ? "redis-server" : "garnet";

    /// <summary>
    /// Starts it; call this on the thread that lives as long as the process: the kernel ends the child when that thread ends, also after
    /// SIGKILL.
    /// </summary>
    public static RedisProcess Start(int port)
    {
        if (Find("redis-server") is { } redis && Find("setpriv") is { } setpriv)
        {
            string[] arguments =
            [
                "--pdeathsig", "KILL", redis, "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--slowlog-max-len", "4096", "--dir", Path.GetTempPath(),
            ];
            return new RedisProcess(Process.Start(new ProcessStartInfo(setpriv, arguments) { RedirectStandardOutput = false })!, null);
        }

        var garnet = new GarnetServer(
        [
            "--bind", "127.0.0.1", "--port", $"{port}", "--memory", "64m", "--page", "1m", "--index", "8m", "--minthreads", "1",
            "--slowlog-log-slower-than", "10000", "--slowlog-max-len", "4096", "--logger-level", "Warning",
        ]);
        garnet.Start();
        return new RedisProcess(null, garnet);
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, program))
            .FirstOrDefault(File.Exists);

    public void Dispose()
    {
        _redis?.Kill();
        _redis?.Dispose();
        _garnet?.Dispose();
    }
}
