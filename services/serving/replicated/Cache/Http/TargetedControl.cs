using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;

namespace Samples.Cache.Http;

/// <summary>
/// <c>CDN-Cache-Control</c> (RFC 9213): what an origin says to shared caches before it, in the place of what it says to browsers. It is a
/// structured field (RFC 9651), and strict where <c>Cache-Control</c> is lenient: one mistake voids all of it.
/// </summary>
public static partial class TargetedControl
{
    /// <summary>The field.</summary>
    public const string Field = "CDN-Cache-Control";

    /// <summary>What it says; null where it is absent, empty or wrong, and <c>Cache-Control</c> counts.</summary>
    public static CacheControl? Read(StringValues lines)
    {
        var field = Dictionary.Match(string.Join(',', lines.Select(line => line?.Trim(' '))));
        if (!field.Success)
            return null;
        // Times are whole numbers. One that is anything else is as good as not there, and parameters say nothing.
        var members = field.Groups["member"].Captures.Select(member => member.Value).Where(m => !Time.IsMatch(m) || Whole.IsMatch(m));
        return CacheControl.Parse(members.ToArray(), isTargeted: true);
    }

    // RFC 9651, 3.2: members are a key, or a key and a value, with parameters or without. Inner lists are nothing that a directive has.
    private const string Key = "[a-z*][a-z0-9_.*-]*";
    private const string Number = @"-?\d+(\.\d+)?";
    private const string Text = """
        "([ !#-\[\]-~]|\\["\\])*"
        """;
    private const string Token = "[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*";
    private const string Bytes = ":[A-Za-z0-9+/=]*:";
    private const string Boolean = @"\?[01]";
    private const string Pair = $"{Key}(=({Number}|{Text}|{Token}|{Bytes}|{Boolean}))?";
    private const string Member = $"(?<member>{Pair})(; *{Pair})*";

    [GeneratedRegex($@"^{Member}([ \t]*,[ \t]*{Member})*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Dictionary { get; }

    [GeneratedRegex("^(max-age|s-maxage|stale-while-revalidate|stale-if-error)(=|$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Time { get; }

    [GeneratedRegex(@"=\d+$")]
    private static partial Regex Whole { get; }
}
