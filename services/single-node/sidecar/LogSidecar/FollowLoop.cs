using Dapr;
using Grpc.Core;

namespace Samples.LogSidecar;

/// <summary>Looks again and again. While lines cannot be published, nothing is lost: they are in the file.</summary>
public sealed class FollowLoop(
    LogFollower follower, LogOptions options, FollowCounts counts, TimeProvider time, ILogger<FollowLoop> log) : BackgroundService
{
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var backOff = options.Look;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await follower.LookAsync(stoppingToken);
                (backOff, counts.Problem) = (options.Look, null);
            }
            catch (Exception error) when (
                error is DaprException or RpcException or HttpRequestException or IOException or UnauthorizedAccessException
                && !stoppingToken.IsCancellationRequested)
            {
                var problem = error.GetBaseException().Message;
                if (counts.Problem is null)
                    log.LogWarning("lines wait in the file, and are tried again: {Problem}", problem);
                counts.Problem = problem;
                backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(backOff, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
