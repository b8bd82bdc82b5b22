using System.Security.Cryptography;
using System.Text;

namespace Samples.WorkerHost;

/// <summary>
/// The name of an item's result. A file system takes names of 255 bytes, and a worker program appends to this one (<c>.png</c>,
/// <c>.png.tmp</c>): so a long name is cut, and a hash of the whole keeps two that begin alike apart.
/// </summary>
public static class OutputName
{
    /// <summary>Bytes that a result's name has at most, in UTF-8: the rest up to 255 is the worker program's.</summary>
    public const int Longest = 215;

    private const int HashDigits = 16;

    /// <summary>The item's own name where it is short enough.</summary>
    public static string Of(string item)
    {
        if (Encoding.UTF8.GetByteCount(item) <= Longest)
            return item;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(item)))[..HashDigits];
        var kept = new StringBuilder();
        var left = Longest - HashDigits - 1;
        foreach (var character in item.EnumerateRunes().TakeWhile(r => (left -= r.Utf8SequenceLength) >= 0))
            kept.Append(character);
        return $"{kept}~{hash}";
    }
}
