namespace Samples.Runtime.Resilience;

/// <summary>
/// The values that were used last, made when they are first asked for; the one that was not used for longest goes when there are too many.
/// </summary>
/// <param name="most">How many are kept.</param>
/// <param name="make">Makes the value of a key.</param>
internal sealed class Recent<T>(int most, Func<string, T> make)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, T Value)>> _byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, T Value)> _byUse = [];

    /// <summary>The value of a key.</summary>
    public T Get(string key)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                return known.Value.Value;
            }

            if (_byKey.Count == most)
            {
                _byKey.Remove(_byUse.Last!.Value.Key);
                _byUse.RemoveLast();
            }

            var value = make(key);
            _byKey.Add(key, _byUse.AddFirst((key, value)));
            return value;
        }
    }
}
