using System.Security.Cryptography;
using System.Text;

namespace Samples.TwoFactor;

/// <summary>
/// What is known of an account. The code is kept as its hash with a salt of its own. The count of wrong attempts is the account's: a new
/// code does not begin it anew, or a guesser would just ask for one after every fourth guess.
/// </summary>
/// <param name="Hash">Of the code that can be used once; null where there is none.</param>
/// <param name="Salt">Makes the same code another hash.</param>
/// <param name="SentAt">When it was made.</param>
/// <param name="Number">How many codes were made.</param>
/// <param name="Tries">Wrong attempts since the last right one.</param>
/// <param name="LastTry">When the last of them was.</param>
public sealed record Account(byte[]? Hash, byte[]? Salt, DateTimeOffset SentAt, int Number, int Tries, DateTimeOffset LastTry)
{
    /// <summary>Digits of a code.</summary>
    public const int Digits = 6;

    private static readonly byte[] NoHash = new byte[32];

    /// <summary>Nothing is known.</summary>
    public static Account New { get; } = new(null, null, default, 0, 0, default);

    /// <summary>The account with a new code in the place of an older one.</summary>
    public Account WithCode(string code, byte[] salt, DateTimeOffset now) =>
        this with { Hash = HashOf(code, salt), Salt = salt, SentAt = now, Number = Number + 1 };

    /// <summary>The account whose code nobody has got.</summary>
    public Account WithoutCode() => this with { Hash = null, Salt = null, SentAt = default };

    /// <summary>
    /// Whether it is the code, in a time that says nothing about how much of it is right, or about whether there is one.
    /// </summary>
    public bool Is(string code) =>
        CryptographicOperations.FixedTimeEquals(HashOf(code, Salt ?? NoHash), Hash ?? NoHash) && Hash is not null;

    /// <summary>Wrong attempts that count now.</summary>
    public int TriesAt(DateTimeOffset now, TimeSpan forgotten) => now - LastTry >= forgotten ? 0 : Tries;

    private static byte[] HashOf(string code, byte[] salt) => HMACSHA256.HashData(salt, Encoding.ASCII.GetBytes(code));
}
