using System.Diagnostics;
using Samples.Services.Ambassador;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>
/// A real PostgreSQL or MariaDB of one test: a free port on loopback, a folder of its own, gone with the test. Skips the test where it is
/// not installed.
/// </summary>
internal sealed class DatabaseServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-database-").FullName;
    private readonly List<string> _log = [];
    private Process? _process;

    public int Port { get; } = Service.FreePort();

    public static async Task<DatabaseServer> StartPostgresAsync()
    {
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin"))
                .FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            : null;
        Assert.SkipWhen(binaries is null, "'initdb' is not installed; the package is called postgresql.");
        var server = new DatabaseServer();
        // It refuses to run as root.
        string[] user = Environment.UserName == "root"
            ? [ExternalTool.Require("setpriv", "util-linux"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            : [];
        if (user.Length > 0)
            await ExternalTool.RunAsync("/bin/chown", "postgres", server._folder);
        string[] initialise = [.. user, Path.Combine(binaries!, "initdb"), "-D", server._folder, "-U", "shop", "-A", "trust", "--no-sync"];
        var said = await ExternalTool.RunAsync(initialise[0], initialise[1..]);
        Assert.True(File.Exists(Path.Combine(server._folder, "PG_VERSION")), said);
        await server.RunAsync("ready to accept connections",
        [
            .. user, Path.Combine(binaries!, "postgres"), "-D", server._folder, "-p", $"{server.Port}",
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
            "-c", "max_connections=8", "-c", "superuser_reserved_connections=1",
        ]);
        return server;
    }

    public static async Task<DatabaseServer> StartMariaAsync()
    {
        var install = ExternalTool.Require("mariadb-install-db", "mariadb-server");
        var program = ExternalTool.Require("mariadbd", "mariadb-server");
        var server = new DatabaseServer();
        var said = await ExternalTool.RunAsync(
            install, "--no-defaults", $"--datadir={server._folder}", $"--user={Environment.UserName}",
            "--auth-root-authentication-method=normal", "--skip-test-db");
        Assert.True(Directory.Exists(Path.Combine(server._folder, "mysql")), said);
        await server.RunAsync("ready for connections",
        [
            program, "--no-defaults", $"--datadir={server._folder}", $"--user={Environment.UserName}", $"--port={server.Port}",
            "--bind-address=127.0.0.1", $"--socket={server._folder}/s.sock", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
        ]);
        return server;
    }

    public void Signal(string name) => Process.Start("kill", ["-" + name, $"{_process!.Id}"]).WaitForExit();

    private async Task RunAsync(string readyWhen, string[] command)
    {
        var ready = new TaskCompletionSource();
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true },
            EnableRaisingEvents = true,
        };
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"{command[0]} ended at once:\n{Log()}"));
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        void Note(string? line)
        {
            lock (_log)
                _log.Add(line ?? "");
            if (line?.Contains(readyWhen, StringComparison.Ordinal) == true)
                ready.TrySetResult();
        }
    }

    private string Log()
    {
        lock (_log)
            return string.Join('\n', _log);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Signal("CONT");
            // SIGQUIT: PostgreSQL takes its children along; SIGKILL would leave them.
            if (!_process.HasExited)
                Signal("QUIT");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
