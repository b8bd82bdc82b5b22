using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Samples.Cli.Processes;
using Samples.Runtime;
using Samples.Runtime.Resources;

namespace Samples.Cli.DropIn;

/// <summary>
/// One sidecar as a process of its own, in the place of daprd: its flags, its log lines, its exit codes. It finds the others of its machine
/// through a file.
/// </summary>
internal static class DropInSidecar
{
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(60), BetweenQuestions = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until SIGTERM, Ctrl-C or the shutdown endpoint; the result is the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        DaprdFlags flags;
        try
        {
            if (arguments.Any(a => a is "--help" or "-help" or "-h"))
            {
                Console.Error.Write(DaprdFlags.Usage);
                return 0;
            }

            flags = DaprdFlags.Parse(arguments);
        }
        catch (FormatException error)
        {
            Console.Error.Write(DaprdFlags.Usage);
            Console.Error.WriteLine(error.Message);
            return 2;
        }

        if (flags.Is("version") || flags.Is("build-info"))
        {
            Console.WriteLine(
                flags.Is("version") ? DropInVersion.Text : $"Version: {DropInVersion.Text}\nThe embedded Dapr runtime of Samples");
            return 0;
        }

        if (flags.Is("wait"))
            return await WaitAsync(flags);
        var level = DaprdLog.Level(flags.Text("log-level"));
        using var log = new DaprdLog(
            flags.Text("app-id"), level ?? LogLevel.Information, flags.Is("log-as-json"), Output(flags.Text("log-file")),
            TimeProvider.System);
        try
        {
            if (level is null)
                throw new FormatException($"undefined Log Output Level: {flags.Text("log-level")}");
            return await RunAsync(flags, DropInOptions.Read(flags), log);
        }
        catch (Exception error) when (error is ResourceException or FormatException or IOException or UnauthorizedAccessException)
        {
            var message = error.Message.StartsWith("(code): ", StringComparison.Ordinal)
                ? error.Message["(code): ".Length..]
                : error.Message;
            log.Say(LogLevel.Critical, "Fatal error from runtime: " + message);
            return 1;
        }
    }

    private static async Task<int> RunAsync(DaprdFlags flags, DropInOptions options, DaprdLog log)
    {
        var began = Stopwatch.GetTimestamp();
        using var interruption = new Interruption();
        log.Say(LogLevel.Information, $"Starting Dapr Runtime -- version {DropInVersion.Text} -- the embedded runtime of Samples");
        log.Say(LogLevel.Information, $"app id: {options.Sidecar.AppId}");
        if (flags.WithoutMeaning.ToList() is { Count: > 0 } passedOver)
            log.Say(LogLevel.Information, $"without a meaning in the embedded runtime: --{string.Join(", --", passedOver)}");
        log.Say(LogLevel.Information, $"sidecars of this machine find each other through {options.MembersFile}");
        var runtime = new DaprRuntime(new RuntimeOptions { Loggers = log, MembersFile = options.MembersFile });
        Sidecar sidecar;
        try
        {
            sidecar = await runtime.AddSidecarAsync(options.Sidecar, interruption.Token);
        }
        catch
        {
            await runtime.DisposeAsync();
            throw;
        }

        log.Say(LogLevel.Information, $"HTTP server is running on port {sidecar.HttpPort}");
        log.Say(LogLevel.Information, $"gRPC server is running on port {sidecar.GrpcPort}");
        if (options.Sidecar.AppPort is { } port)
        {
            log.Say(
                LogLevel.Information,
                $"waiting for application on port {port}. This will block until the app is listening on that port.");
        }

        var initialized = AnnounceAsync(sidecar, began, log, interruption.Token);
        await Task.WhenAny(interruption.WaitAsync(), sidecar.ShutdownRequested);
        log.Say(
            LogLevel.Information,
            sidecar.ShutdownRequested.IsCompleted ? "Shutdown was requested" : "Received signal 'terminated'; beginning shutdown");
        if (options.BlockAtEnd is { } block && interruption.Token.IsCancellationRequested)
            await BlockAsync(sidecar, block, log);
        await initialized;
        return await EndAsync(runtime, options.Grace, log);
    }

    private static async Task AnnounceAsync(Sidecar sidecar, long began, DaprdLog log, CancellationToken cancel)
    {
        try
        {
            await Task.WhenAny(sidecar.WaitForAppAsync(cancel), sidecar.ShutdownRequested).Unwrap();
            if (sidecar.Options.AppPort is { } port)
                log.Say(LogLevel.Information, $"application discovered on port {port}");
            var took = (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            log.Say(LogLevel.Information, $"dapr initialized. Status: Running. Init Elapsed {took}ms");
        }
        catch (OperationCanceledException)
        {
            // It ends before its application came.
        }
    }

    private static async Task BlockAsync(Sidecar sidecar, TimeSpan limit, DaprdLog log)
    {
        log.Say(LogLevel.Information, $"Blocking graceful shutdown for {limit.TotalSeconds}s or until app reports unhealthy...");
        var began = Stopwatch.GetTimestamp();
        while (sidecar.AppReady && Stopwatch.GetElapsedTime(began) < limit)
            await Task.Delay(BetweenQuestions);
    }

    private static async Task<int> EndAsync(DaprRuntime runtime, TimeSpan grace, DaprdLog log)
    {
        try
        {
            await runtime.DisposeAsync().AsTask().WaitAsync(grace);
            log.Say(LogLevel.Information, "Daprd shutdown gracefully");
            return 0;
        }
        catch (TimeoutException)
        {
            log.Say(LogLevel.Critical, "Graceful shutdown timeout exceeded, forcing shutdown");
            log.Dispose();
            Environment.Exit(1);
            return 1;
        }
    }

    private static async Task<int> WaitAsync(DaprdFlags flags)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < WaitLimit)
        {
            try
            {
                using var answer = await http.GetAsync(
                    new Uri($"http://127.0.0.1:{flags.Port("dapr-http-port")}/v1.0/healthz/outbound"));
                if (answer.IsSuccessStatusCode)
                    return 0;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(BetweenQuestions);
        }

        Console.Error.WriteLine("timed out waiting for the sidecar's outbound health");
        return 1;
    }

    private static TextWriter Output(string file) => file.Length == 0
        ? Console.Out
        : new Both(Console.Out, new StreamWriter(file, append: true));

    /// <summary>The console, and a file beside it.</summary>
    private sealed class Both(TextWriter console, StreamWriter file) : TextWriter
    {
        public override System.Text.Encoding Encoding => file.Encoding;

        public override void WriteLine(string? value)
        {
            console.WriteLine(value);
            file.WriteLine(value);
        }

        public override void Flush()
        {
            console.Flush();
            file.Flush();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                file.Dispose();
            base.Dispose(disposing);
        }
    }
}
