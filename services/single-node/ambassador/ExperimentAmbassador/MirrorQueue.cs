using System.Diagnostics;
using System.Threading.Channels;

namespace Samples.ExperimentAmbassador;

/// <summary>A request as it is sent to the experiment a second time.</summary>
public sealed record MirroredRequest(string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body);

/// <summary>
/// Sends copies beside the clients' requests. Bounded: where the experiment is slower than production, copies are dropped, never clients
/// kept waiting.
/// </summary>
public sealed class MirrorQueue(ExperimentArms arms) : BackgroundService
{
    private const int Waiting = 256, AtOnce = 8;

    private readonly Channel<MirroredRequest> _queue = Channel.CreateBounded<MirroredRequest>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Takes a copy if there is room.</summary>
    public void Offer(MirroredRequest request)
    {
        if (!_queue.Writer.TryWrite(request))
            arms.Experiment.CountDroppedMirror();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => SendAsync(stoppingToken)));

    private async Task SendAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var request in _queue.Reader.ReadAllAsync(stopping))
            {
                var began = Stopwatch.GetTimestamp();
                var isAnswered = false;
                try
                {
                    isAnswered = await arms.ExperimentForwarder.MirrorAsync(request, stopping);
                }
                catch (Exception error) when (
                    error is HttpRequestException or OperationCanceledException or IOException && !stopping.IsCancellationRequested)
                {
                    // Counted below.
                }

                arms.Experiment.CountRequest(Stopwatch.GetElapsedTime(began), isError: !isAnswered);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
