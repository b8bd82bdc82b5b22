namespace Samples.ShardAmbassador.Ring;

/// <summary>
/// What twemproxy calls <c>fnv1a_64</c>: FNV-1a with the low 32 bits of the 64-bit constants, bytes taken as signed. Both are peculiar, and
/// both are kept, because keys that lie in running servers were placed by them.
/// </summary>
/// <remarks>
/// The low half of the prime is 435, so that the last bytes of a key move its hash only a little: consecutive numbers at the end of
/// otherwise equal keys land on the same arc of a ring. Let keys differ before their last two characters.
/// </remarks>
public static class Fnv1a
{
    private const uint OffsetBasis = 0x84222325, Prime = 0x000001b3;

    /// <summary>The hash of a key.</summary>
    public static uint Hash(ReadOnlySpan<byte> key)
    {
        var hash = OffsetBasis;
        foreach (var b in key)
        {
            hash ^= unchecked((uint)(sbyte)b);
            hash *= Prime;
        }

        return hash;
    }
}
