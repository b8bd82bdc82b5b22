using System.Threading.Channels;
using Dapr;
using Grpc.Core;

namespace Samples.LogStore;

/// <summary>
/// Events that come in at the same time are counted by one change of the state. Each is acknowledged when it is counted, and not before:
/// what fails is delivered again.
/// </summary>
public sealed class EventQueue(CountBook book) : BackgroundService
{
    private const int MostAtOnce = 1000;

    private readonly Channel<(IReadOnlyList<LogEvent> Events, TaskCompletionSource Done)> _queue =
        Channel.CreateBounded<(IReadOnlyList<LogEvent>, TaskCompletionSource)>(MostAtOnce);

    /// <summary>Completes when they are counted.</summary>
    public async Task CountAsync(IReadOnlyList<LogEvent> events, CancellationToken cancel)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync((events, done), cancel);
        await done.Task.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _queue.Reader.WaitToReadAsync(stoppingToken))
        {
            var batch = new List<(IReadOnlyList<LogEvent> Events, TaskCompletionSource Done)>();
            while (batch.Count < MostAtOnce && _queue.Reader.TryRead(out var next))
                batch.Add(next);
            try
            {
                await book.AddAsync([.. batch.SelectMany(b => b.Events)], stoppingToken);
                batch.ForEach(b => b.Done.TrySetResult());
            }
            catch (Exception error) when (error is DaprException or RpcException or HttpRequestException or InvalidOperationException)
            {
                batch.ForEach(b => b.Done.TrySetException(error));
            }
        }
    }
}
