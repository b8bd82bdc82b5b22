namespace Samples.ShardMemory;

/// <summary>
/// Answers by key, bounded in bytes with all that it takes to keep them. What nobody asked for longest goes first (LRU), a new one always
/// gets in, and one that is larger than all there is is refused.
/// </summary>
/// <param name="capacity">Bytes.</param>
public sealed class AnswerMemory(long capacity)
{
    /// <summary>Bytes that an answer takes beside key and body: objects, list and table. Measured; a test holds it to a tenth.</summary>
    public const int Overhead = 136;

    // Of one more object: what an answer depends on, where it depends on anything.
    private const int Text = 24;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly ByUse _byUse = new();
    private long _bytes, _evicted, _refused;

    /// <summary>What it may take.</summary>
    public long Capacity => capacity;

    /// <summary>Bytes, answers, and what had to go or could not come in.</summary>
    public (long Bytes, int Count, long Evicted, long Refused) Usage
    {
        get
        {
            lock (_gate)
                return (_bytes, _places.Count, _evicted, _refused);
        }
    }

    /// <summary>What an answer takes.</summary>
    public static long BytesOf(string key, Answer answer) => BytesOf(key, answer.DependsOn, answer.Body);

    /// <summary>
    /// The answer, which now is the last to go; null where there is none. As of when it is true knows who keeps this memory current.
    /// </summary>
    public Answer? Find(string key)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(key, out var place))
                return null;
            _byUse.Touch(place);
            ref var slot = ref _byUse[place];
            return new Answer(Answer.Kept, slot.ContentType, slot.Body, slot.DependsOn, AsOf: null);
        }
    }

    /// <summary>
    /// Keeps an answer that <see cref="Answer.MayBeKept"/> in the place of an earlier one. False where it is larger than all there is.
    /// </summary>
    public bool Put(string key, Answer answer)
    {
        var bytes = BytesOf(key, answer);
        lock (_gate)
        {
            if (_places.TryGetValue(key, out var known))
                Drop(known);
            if (bytes > capacity)
            {
                _refused++;
                return false;
            }

            for (; _bytes + bytes > capacity; _evicted++)
                Drop(_byUse.Oldest);
            _places[key] = _byUse.Add(key, answer);
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
            for (var place = _byUse.Newest; place != ByUse.None;)
            {
                var older = _byUse[place].Older;
                var dependsOn = _byUse[place].DependsOn;
                if (Array.Exists(touched, names => Answer.IsTouchedBy(dependsOn, names)))
                    Drop(place);
                place = older;
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _places.Clear();
            _byUse.Clear();
            _bytes = 0;
        }
    }

    private void Drop(int place)
    {
        ref var slot = ref _byUse[place];
        _places.Remove(slot.Key);
        _bytes -= BytesOf(slot.Key, slot.DependsOn, slot.Body);
        _byUse.Remove(place);
    }

    private static long BytesOf(string key, string dependsOn, byte[] body) =>
        Overhead + 2L * key.Length + (dependsOn.Length == 0 ? 0 : Text + 2L * dependsOn.Length) + body.Length;
}
