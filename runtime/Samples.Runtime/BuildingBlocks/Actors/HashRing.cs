using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// Consistent hashing (Karger et al., 1997): a key belongs to the first point at or after its own on a circle, and each member has many
/// points. A member that joins takes an even share from all others; one that leaves gives its share to all others; nothing else moves.
/// Immutable.
/// </summary>
public sealed class HashRing
{
    private readonly ulong[] _points;
    private readonly string[] _owners;

    /// <summary>A ring of <paramref name="members"/>, whose order does not matter.</summary>
    /// <param name="members">Names; equal ones count once.</param>
    /// <param name="points">Points a member: more make shares more even.</param>
    public HashRing(IEnumerable<string> members, int points = 128)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        // Two members may meet on one point: the order by name lets every ring with those members decide alike.
        var all = members.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .SelectMany(m => Enumerable.Range(0, points).Select(i => (Point: Hash($"{m}#{i}"), Member: m)))
            .OrderBy(p => p.Point).ThenBy(p => p.Member, StringComparer.Ordinal).ToArray();
        _points = [.. all.Select(p => p.Point)];
        _owners = [.. all.Select(p => p.Member)];
    }

    /// <summary>The member that <paramref name="key"/> belongs to; null where there is none.</summary>
    public string? Owner(string key)
    {
        if (_points.Length == 0)
            return null;
        var at = Array.BinarySearch(_points, Hash(key));
        return _owners[(at < 0 ? ~at : at) % _owners.Length];
    }

    // SHA-256 for its even spread, not for secrecy; an owner is looked up once an activation.
    private static ulong Hash(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
