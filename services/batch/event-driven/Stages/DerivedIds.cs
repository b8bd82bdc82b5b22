using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Samples.Stages;

/// <summary>
/// Ids that follow from what something was made of. Made again, after its maker died between publishing it and noting that, it has the same
/// id, and whoever has seen that drops it. One event out of one keeps its id; of several, each gets a number: the id tells the way.
/// </summary>
public static class DerivedIds
{
    /// <summary>Of one of several events made of another.</summary>
    public static string Part(string id, int number) => string.Create(CultureInfo.InvariantCulture, $"{Of(id)}.{number}");

    /// <summary>Of a row of a file, from the file's content: under another name it is the same file.</summary>
    public static string Row(string digest, int line) => Of(string.Create(CultureInfo.InvariantCulture, $"{digest}-{line}"));

    /// <summary>Of the dead letter that a stage makes of an event.</summary>
    public static string DeadLetter(string stage, string id) => Of($"{id}.{stage}");

    /// <summary>Of an event that came without an id, from its content.</summary>
    public static string Content(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(XxHash128.Hash(content));

    /// <summary>False only in experiments, to see what happens without: every id is a new one.</summary>
    public static bool Enabled { get; set; } = true;

    internal static UInt128 Hash(string id) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(id));

    private static string Of(string derived) => Enabled ? derived : Guid.NewGuid().ToString("N");
}
