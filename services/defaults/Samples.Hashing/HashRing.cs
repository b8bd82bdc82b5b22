using System.IO.Hashing;
using System.Text;

namespace Samples.Hashing;

/// <summary>
/// Consistent hashing (Karger et al., "Consistent Hashing and Random Trees", 1997): a key belongs to the first point at or after its own on
/// a circle, and each member has many points (virtual nodes). A member that joins takes an even share from all others; one that leaves
/// gives its share to all others, and gets just that back when it returns; nothing else moves. The same in every process that has the same
/// members and points. Immutable.
/// </summary>
public sealed class HashRing
{
    /// <summary>Points a member: shares differ by about one part in the square root of it, here 3%.</summary>
    public const int DefaultPoints = 1024;

    private readonly string[] _members;
    private readonly ulong[] _points;
    private readonly int[] _owners;
    private readonly Func<string, ulong> _hash;

    /// <summary>A ring of <paramref name="members"/>, whose order does not matter.</summary>
    /// <param name="members">Names, at least one; equal ones count once.</param>
    /// <param name="points">Points a member, at least 1: more make shares more even, and cost 12 bytes each.</param>
    /// <exception cref="ArgumentException">There is no member, or no point.</exception>
    public HashRing(IEnumerable<string> members, int points = DefaultPoints) : this(members, points, Hash)
    {
    }

    internal HashRing(IEnumerable<string> members, int points, Func<string, ulong> hash)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        _hash = hash;
        _members = [.. members.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (_members.Length == 0)
            throw new ArgumentException("A ring needs at least one member; without one no key belongs to anybody.", nameof(members));
        // Two members may meet on one point: the order by name lets every ring with those members decide alike.
        var all = _members.SelectMany((name, member) => Enumerable.Range(0, points).Select(i => (Point: hash($"{name}#{i}"), member)))
            .ToArray();
        Array.Sort(all);
        _points = [.. all.Select(p => p.Point)];
        _owners = [.. all.Select(p => p.member)];
    }

    /// <summary>The members, in the order of their names.</summary>
    public IReadOnlyList<string> Members => _members;

    /// <summary>The member that a key belongs to.</summary>
    public string Owner(string key) => _members[_owners[PlaceOf(key)]];

    /// <summary>
    /// Every member once, in the order in which they would own the key if those before them were gone: who gets a copy, or what the owner
    /// is too busy for.
    /// </summary>
    public IEnumerable<string> Owners(string key) => Walk(key).Select(member => _members[member]);

    // The same by the members' places in the list.
    internal IEnumerable<int> Walk(string key)
    {
        var seen = new bool[_members.Length];
        var left = _members.Length;
        for (var place = PlaceOf(key); left > 0; place = (place + 1) % _owners.Length)
        {
            if (seen[_owners[place]])
                continue;
            seen[_owners[place]] = true;
            left--;
            yield return _owners[place];
        }
    }

    /// <summary>Which part (0 to 1) of all possible keys each member owns: the arcs before its points, added up.</summary>
    public IReadOnlyDictionary<string, double> Shares()
    {
        var arcs = new double[_members.Length];
        for (var place = 0; place < _points.Length; place++)
        {
            // Past the last point the circle begins again; the difference wraps round as it does.
            var before = _points[place == 0 ? ^1 : place - 1];
            arcs[_owners[place]] += _points.Length == 1 ? 1 : unchecked(_points[place] - before) / Math.Pow(2, 64);
        }

        return _members.Zip(arcs).ToDictionary(m => m.First, m => m.Second, StringComparer.Ordinal);
    }

    private int PlaceOf(string key)
    {
        var hash = _hash(key);
        var place = Array.BinarySearch(_points, hash);
        if (place < 0)
            return ~place == _points.Length ? 0 : ~place;
        // Of several on one point the first: a search may find any.
        while (place > 0 && _points[place - 1] == hash)
            place--;
        return place;
    }

    /// <summary>
    /// Where a text lies on the circle: XXH3 of its UTF-8, which is specified, fast and spreads evenly. No secret is safe with it.
    /// </summary>
    public static ulong Hash(string text)
    {
        Span<byte> bytes = stackalloc byte[512];
        return Encoding.UTF8.TryGetBytes(text, bytes, out var length)
            ? XxHash3.HashToUInt64(bytes[..length])
            : XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text));
    }
}
