namespace Samples.Cache.Storage;

/// <summary>
/// Stored answers, by address and then by what <c>Vary</c> names. Bounded in bytes: the address that nobody asked for longest goes first,
/// and a new answer always gets in.
/// </summary>
public sealed class CacheStore(long capacity)
{
    private const int MostVariants = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Resource>> _resources = new(StringComparer.Ordinal);
    private readonly LinkedList<Resource> _byUse = new();

    /// <summary>Bytes taken.</summary>
    public long Bytes { get; private set; }

    /// <summary>Addresses with a stored answer.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _resources.Count;
        }
    }

    /// <summary>The latest answer to such a request; null where there is none.</summary>
    public StoredResponse? Find(string key, IHeaderDictionary asked)
    {
        lock (_gate)
        {
            if (!_resources.TryGetValue(key, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Variants.Find(v => v.Matches(asked));
        }
    }

    /// <summary>
    /// Keeps an answer in the place of the one to the same request. One that is larger than all there is is refused: false.
    /// </summary>
    public bool Put(string key, StoredResponse answer)
    {
        if (answer.Bytes + key.Length * 2 > capacity)
            return false;
        lock (_gate)
        {
            var isKnown = _resources.TryGetValue(key, out var known);
            var node = isKnown ? known! : _byUse.AddFirst(new Resource(key));
            _resources[key] = node;
            Bytes -= isKnown ? node.Value.Bytes : 0;
            node.Value.Put(answer, MostVariants);
            Bytes += node.Value.Bytes;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            while (Bytes > capacity && _byUse.Last is { } oldest && oldest != node)
                Drop(oldest);
            // Many variants of one address may be too much for themselves.
            while (Bytes > capacity)
                Bytes -= node.Value.DropOldest();
        }

        return true;
    }

    /// <summary>Forgets all answers of an address (RFC 9111, 4.4).</summary>
    public void Remove(string key)
    {
        lock (_gate)
        {
            if (_resources.TryGetValue(key, out var node))
                Drop(node);
        }
    }

    private void Drop(LinkedListNode<Resource> node)
    {
        _byUse.Remove(node);
        _resources.Remove(node.Value.Key);
        Bytes -= node.Value.Bytes;
    }

    private sealed class Resource(string key)
    {
        public string Key => key;

        // The latest first: of two that match, it is the one to use.
        public List<StoredResponse> Variants { get; } = [];

        public long Bytes { get; private set; } = key.Length * 2;

        public void Put(StoredResponse answer, int most)
        {
            Bytes -= Variants.Where(v => v.Selecting.SequenceEqual(answer.Selecting)).Sum(v => v.Bytes);
            Variants.RemoveAll(v => v.Selecting.SequenceEqual(answer.Selecting));
            Variants.Insert(0, answer);
            Bytes += answer.Bytes;
            if (Variants.Count > most)
                DropOldest();
        }

        public long DropOldest()
        {
            var bytes = Variants[^1].Bytes;
            Variants.RemoveAt(Variants.Count - 1);
            Bytes -= bytes;
            return bytes;
        }
    }
}
