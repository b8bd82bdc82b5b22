
namespace Samples.Runtime.Components.InMemory;

/// <summary><c>state.in-memory</c>: gone with the process, as in Dapr.</summary>
public sealed class InMemoryStateStore(TimeProvider time) : IStateStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StateItem> _items = new(StringComparer.Ordinal);

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("state.in-memory", [new("actorStateStore"), new("keyPrefix"), .. OutboxSettings.Known],
        (_, context) => new InMemoryStateStore(context.Time));

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; } = ["ETAG", "TRANSACTIONAL", "TTL", "DELETE_WITH_PREFIX", "KEYS_LIKE", "ACTOR"];

    /// <inheritdoc/>
    public Task<StateItem?> GetAsync(string key, CancellationToken cancel)
    {
        lock (_gate)
            return Task.FromResult(Current(key));
    }

    /// <inheritdoc/>
    public Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel)
    {
        lock (_gate)
        {
            // All are checked before the first is applied, so a refused write leaves nothing behind.
            try
            {
                foreach (var write in writes)
                    StateRules.Check(write, Current(write.Key)?.ETag);
            }
            catch (ETagMismatchException error)
            {
                return Task.FromException(error);
            }

            foreach (var write in writes)
            {
                if (write is StateWrite.Set set)
                    _items[set.Key] = new StateItem(
                        set.Data.ToArray(), Guid.NewGuid().ToString(), time.GetUtcNow() + set.Life, set.ContentType);
                else
                    _items.Remove(write.Key);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> KeysWithPrefixAsync(string prefix, CancellationToken cancel)
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyList<string>>(
                [
                    .. _items.Keys.Where(
                        k => k.StartsWith(prefix, StringComparison.Ordinal) && Current(k) is not null).Order(StringComparer.Ordinal)
                ]);
    }

    /// <inheritdoc/>
    public Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel)
    {
        lock (_gate)
        {
            var keys = _items.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToList();
            keys.ForEach(k => _items.Remove(k));
            return Task.FromResult((long)keys.Count);
        }
    }

    private StateItem? Current(string key)
    {
        if (!_items.TryGetValue(key, out var item))
            return null;
        if (item.Expires is not { } end || end > time.GetUtcNow())
            return item;
        _items.Remove(key);
        return null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
