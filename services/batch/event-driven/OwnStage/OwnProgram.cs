using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Samples.OwnStage;

/// <summary>Keeps the program running, and ends it with the stage. Events that come while it is away come again.</summary>
public sealed class OwnProgram(ProgramOptions options, TimeProvider time, ILogger<OwnProgram> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (options is { Command: [var program, .. var arguments], Address: { } address } && !stoppingToken.IsCancellationRequested)
        {
            var info = new ProcessStartInfo(program, arguments);
            info.Environment["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture);
            await RunAsync(info, stoppingToken);
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(ProcessStartInfo info, CancellationToken stop)
    {
        try
        {
            using var process = Process.Start(info)!;
            try
            {
                await process.WaitForExitAsync(stop);
                log.LogWarning("{Program} ended with {Code} and is started again", info.FileName, process.ExitCode);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Win32Exception error)
        {
            log.LogError("{Program} cannot be started: {Problem}", info.FileName, error.Message);
        }
    }
}
