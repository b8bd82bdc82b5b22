namespace Samples.ShardMemory;

/// <summary>
/// Answers by key, bounded in bytes with all that it takes to keep them. What nobody asked for longest goes first (LRU), a new one always
/// gets in, and one that is larger than all there is is refused.
/// </summary>
/// <param name="capacity">Bytes.</param>
public sealed class AnswerMemory(long capacity)
{
    /// <summary>Bytes that an answer takes beside key and body: objects, list and table. Measured; a test holds it to a tenth.</summary>
    public const int Overhead = 320;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes, _evicted, _refused;

    /// <summary>What it may take.</summary>
    public long Capacity => capacity;

    /// <summary>Bytes, answers, and what had to go or could not come in.</summary>
    public (long Bytes, int Count, long Evicted, long Refused) Usage
    {
        get
        {
            lock (_gate)
                return (_bytes, _entries.Count, _evicted, _refused);
        }
    }

    /// <summary>What an answer takes.</summary>
    public static long BytesOf(string key, Answer answer) => Overhead + 2L * (key.Length + answer.DependsOn.Length) + answer.Body.Length;

    /// <summary>The answer, which now is the last to go; null where there is none.</summary>
    public Answer? Find(string key)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Answer;
        }
    }

    /// <summary>Keeps an answer in the place of an earlier one. False where it is larger than all there is.</summary>
    public bool Put(string key, Answer answer)
    {
        var bytes = BytesOf(key, answer);
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var known))
                Drop(known);
            if (bytes > capacity)
            {
                _refused++;
                return false;
            }

            for (; _bytes + bytes > capacity; _evicted++)
                Drop(_byUse.Last!);
            _entries[key] = _byUse.AddFirst(new Entry(key, answer));
            _bytes += bytes;
            return true;
        }
    }

    /// <summary>
    /// Forgets what a change touches. It looks at all that there is: fine for a store that is read far more than it is written to.
    /// </summary>
    public void Drop(Change change)
    {
        var touched = change.Touched.Select(names => new HashSet<string>(names, StringComparer.Ordinal))
            .Select(names => names.GetAlternateLookup<ReadOnlySpan<char>>()).ToArray();
        lock (_gate)
        {
            for (var node = _byUse.First; node is not null;)
            {
                var next = node.Next;
                if (Array.Exists(touched, node.Value.Answer.IsTouchedBy))
                    Drop(node);
                node = next;
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _byUse.Clear();
            _bytes = 0;
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _bytes -= BytesOf(node.Value.Key, node.Value.Answer);
    }

    private readonly record struct Entry(string Key, Answer Answer);
}
