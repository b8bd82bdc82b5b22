namespace Samples.Runtime.Testing;

/// <summary>
/// What happened and was not asked for yet, in its order. Who asks gets the first that fits, also one that came before: a test need not be
/// faster than what it tests.
/// </summary>
internal sealed class Mailbox<T>
{
    private readonly Lock _gate = new();
    private readonly LinkedList<T> _unread = [];
    private readonly List<(Func<T, bool> Fits, TaskCompletionSource<T> Reader)> _readers = [];

    /// <summary>All that waits to be asked for.</summary>
    public IReadOnlyList<T> Unread
    {
        get
        {
            lock (_gate)
                return [.. _unread];
        }
    }

    public void Add(T item)
    {
        TaskCompletionSource<T>? reader = null;
        lock (_gate)
        {
            var index = _readers.FindIndex(r => r.Fits(item));
            if (index < 0)
            {
                _unread.AddLast(item);
                return;
            }

            reader = _readers[index].Reader;
            _readers.RemoveAt(index);
        }

        reader.TrySetResult(item);
    }

    /// <summary>All that fit and came by now.</summary>
    public IReadOnlyList<T> TakeAll(Func<T, bool> fits)
    {
        lock (_gate)
        {
            T[] taken = [.. _unread.Where(fits)];
            foreach (var item in taken)
                _unread.Remove(item);
            return taken;
        }
    }

    /// <summary>The first that fits. Throws <see cref="TestDaprException"/> with what <paramref name="inVain"/> says.</summary>
    public async Task<T> TakeAsync(Func<T, bool> fits, TimeSpan limit, Func<string> inVain, CancellationToken cancel)
    {
        var reader = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            for (var node = _unread.First; node is not null; node = node.Next)
            {
                if (!fits(node.Value))
                    continue;
                _unread.Remove(node);
                return node.Value;
            }

            _readers.Add((fits, reader));
        }

        try
        {
            return await reader.Task.WaitAsync(limit, cancel);
        }
        catch (TimeoutException)
        {
            throw new TestDaprException(inVain());
        }
        finally
        {
            lock (_gate)
                _readers.RemoveAll(r => r.Reader == reader);
        }
    }
}
