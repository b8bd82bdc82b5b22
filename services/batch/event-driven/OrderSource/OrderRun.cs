namespace Samples.OrderSource;

/// <summary>
/// One look at the folder at a time. A tick that comes meanwhile is passed over: what it would have found is found by the one after, and a
/// look that outlasts the interval never has a second one beside it.
/// </summary>
public sealed class OrderRun(OrderFolder folder, OrderPublisher publisher, ILogger<OrderRun> log) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _runs, _passedOver;

    /// <summary>How many looks there were, and how many ticks were passed over.</summary>
    public (long Runs, long PassedOver) Counts => (Interlocked.Read(ref _runs), Interlocked.Read(ref _passedOver));

    /// <summary>Looks once; false where a look is under way. What is cut off goes on where it was, at the next start.</summary>
    public async Task<bool> TickAsync(CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested || !await _turn.WaitAsync(0, CancellationToken.None))
        {
            Interlocked.Increment(ref _passedOver);
            return false;
        }

        try
        {
            Interlocked.Increment(ref _runs);
            await foreach (var file in folder.SettledAsync(cancel))
            {
                // What follows waits: a customer's orders stay in their order over files, too.
                if (!await publisher.PublishAsync(file, cancel))
                    break;
                folder.Done(file);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The stop must not wait for a long file.
        }
        catch (Exception error) when (error is Dapr.DaprException or Grpc.Core.RpcException && !cancel.IsCancellationRequested)
        {
            log.LogWarning("the folder waits for the next tick: {Problem}", error.GetBaseException().Message);
        }
        finally
        {
            _turn.Release();
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
