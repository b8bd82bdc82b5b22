using System.Buffers;
using System.Text.Json;

namespace Samples.Decorator;

/// <summary>
/// Fills in what a caller left out: a random name, and the colour blue. What the caller did set stays as it is, byte for byte, whatever it
/// is: numbers that no <c>double</c> holds, members that nobody here knows, also <c>null</c>.
/// </summary>
public static class UserDefaults
{
    private static readonly string[] First = ["Quiet", "Bold", "Amber", "Swift", "Gentle", "Clever", "Merry", "Brisk"];
    private static readonly string[] Second = ["Otter", "Falcon", "Maple", "Comet", "Harbor", "Willow", "Badger", "Heron"];

    /// <summary>The object with what was missing at its end.</summary>
    /// <param name="user">An object.</param>
    /// <param name="sent">The same as it was sent.</param>
    /// <param name="random">Chooses the name.</param>
    public static ReadOnlyMemory<byte> Fill(JsonElement user, ReadOnlyMemory<byte> sent, Random random)
    {
        var missing = new List<(string Member, string Value)>();
        if (!user.TryGetProperty("name", out _))
            missing.Add(("name", $"{First[random.Next(First.Length)]} {Second[random.Next(Second.Length)]}"));
        if (!user.TryGetProperty("colour", out _))
            missing.Add(("colour", "blue"));
        if (missing.Count == 0)
            return sent;
        var filled = new ArrayBufferWriter<byte>(sent.Length + 64);
        filled.Write(sent.Span[..sent.Span.LastIndexOf((byte)'}')]);
        var isFirst = !user.EnumerateObject().Any();
        foreach (var (member, value) in missing)
        {
            filled.Write(isFirst ? "\""u8 : ",\""u8);
            filled.Write(System.Text.Encoding.UTF8.GetBytes($"{member}\":\"{value}\""));
            isFirst = false;
        }

        filled.Write("}"u8);
        return filled.WrittenMemory;
    }
}
