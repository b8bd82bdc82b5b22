using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Samples.Defaults;

/// <summary>
/// On SIGTERM: not ready first, and only then no longer listening. Whoever balances load needs a moment to notice:
/// <c>DRAIN_NOTICE_MS</c>, 200 by default; as long as two probes where probes decide (Kubernetes).
/// </summary>
internal sealed class Draining(Readiness readiness, IConfiguration configuration) : IHostedLifecycleService
{
    private readonly int _notice = NoticeOf(configuration["DRAIN_NOTICE_MS"] ?? "200");

    private static int NoticeOf(string text) => int.TryParse(text, out var notice) && notice is >= 0 and <= 60_000
        ? notice
        : throw new WrongSettingException($"DRAIN_NOTICE_MS is '{text}'; give milliseconds between 0 and 60000.");

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.BeginDraining();
        return Task.Delay(_notice, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
