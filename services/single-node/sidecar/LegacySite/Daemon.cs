using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Samples.Pod;

namespace Samples.LegacySite;

/// <summary>
/// The site. SIGHUP: read the configuration again; one that is wrong is told on standard error, and the last good one goes on. SIGUSR1:
/// open the log again, after a rotation. It has no health endpoint, no metrics, no HTTPS, and knows nobody but its files.
/// </summary>
public static partial class Daemon
{
    private const PosixSignal UserSignal1 = (PosixSignal)10;

    /// <summary>Runs until SIGTERM.</summary>
    public static async Task<int> RunAsync(SiteOptions options)
    {
        var files = options.Files;
        Directory.CreateDirectory(files.Folder);
        var site = new Site(files);
        if (site.Load() is { } wrong)
        {
            await Console.Error.WriteLineAsync(wrong);
            return 1;
        }

        using var log = new AccessLog(files.AccessLog);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(IPAddress.Loopback, options.Port);
        });
        await using var app = builder.Build();
        app.Run(http => site.AnswerAsync(http, log));

        // Started by nohup it would ignore SIGHUP for good: .NET leaves alone what is ignored already.
        if (!OperatingSystem.IsWindows())
            _ = SetHandler(HangUp, Default);
        // A signal for which nobody is registered ends a process: registered first, and only then is it told who to send them to.
        using var reload = Handle(
            PosixSignal.SIGHUP, () => Console.Error.WriteLine(site.Load() ?? $"configuration {site.Version} is loaded"));
        using var reopen = OperatingSystem.IsWindows() ? null : Handle(UserSignal1, log.Reopen);
        await app.StartAsync();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        AtomicFile.Write(files.Address, System.Text.Encoding.ASCII.GetBytes($"{address.Host}:{address.Port}\n"));
        AtomicFile.Write(files.Pid, System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        await app.WaitForShutdownAsync();
        return 0;
    }

    private const int HangUp = 1;
    private const nint Default = 0;

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);

    private static PosixSignalRegistration Handle(PosixSignal signal, Action act) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        act();
    });
}
