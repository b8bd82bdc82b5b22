namespace Samples.ShardAmbassador.Ring;

/// <summary>
/// Two characters such as <c>{}</c>: only what stands between them is hashed, so that <c>{user7}:name</c> and <c>{user7}:cart</c> share a
/// server.
/// </summary>
public static class HashTag
{
    /// <summary>The part of a key that is hashed: the whole key where it has no tag, or an empty one.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> tag)
    {
        if (tag.Length != 2)
            return key;
        var open = key.IndexOf(tag[0]);
        if (open < 0)
            return key;
        var length = key[(open + 1)..].IndexOf(tag[1]);
        return length > 0 ? key.Slice(open + 1, length) : key;
    }
}
