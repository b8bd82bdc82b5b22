namespace Samples.Runtime.Components;

/// <summary>One subscriber in a group. Disposing takes nothing more and lets running handlers finish.</summary>
internal sealed class ConsumerGroupMember(
    ConsumerGroup group, BrokerSubscription subscription, BrokerSettings settings, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long running handlers get to finish before they are cancelled; services drain within the same time.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _closed;

    public int MaxBatch { get; } = Math.Max(1, subscription.MaxBatch);

    public int MaxInHand { get; } = subscription.MaxInFlight > 0 ? subscription.MaxInFlight : settings.Concurrency;

    public TimeSpan MaxAwait => subscription.MaxAwait;

    /// <summary>Batches in handlers; the group's lock guards it.</summary>
    public int InHand { get; set; }

    public async Task<IReadOnlyList<Delivery>> HandleAsync(QueuedMessage[] batch)
    {
        using var limit = new CancellationTokenSource(subscription.ProcessingTimeout ?? settings.ProcessingTimeout, time);
        using var closing = _closing.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        return await subscription.Handler(Array.ConvertAll(batch, m => m.Message), limit.Token);
    }

    public void ReportIdle()
    {
        if (_closed)
            _idle.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        _closed = true;
        if (group.Leave(this))
            _idle.TrySetResult();
        try
        {
            await _idle.Task.WaitAsync(DrainLimit, time);
        }
        catch (TimeoutException)
        {
            await _closing.CancelAsync();
            await _idle.Task;
        }
    }
}
