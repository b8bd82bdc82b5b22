using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Samples.ConfigSidecar;

/// <summary>A configuration that was made: what to write, and what it calls itself.</summary>
public sealed record RenderedConfiguration(string Version, string Text);

/// <summary>
/// The application's file with gaps: <c>{{site.greeting=Hello}}</c> is the stored value of <c>site.greeting</c>, or <c>Hello</c>. Names
/// without a dot are the sidecar's own: <c>{{version}}</c> is a digest of the values.
/// </summary>
public sealed partial class ConfigTemplate(string text)
{
    private const int LongestValue = 4096;

    // What could end a value, a directive or a block in the configuration languages of the world: a value is data, never syntax.
    private const string Syntax = "\"'\\;{}$`<>#";

    /// <summary>The keys that it asks for.</summary>
    public IReadOnlySet<string> Names { get; } = Gap().Matches(text).Select(m => m.Groups["name"].Value)
        .Where(n => n.Contains('.') && n != "site.address").ToHashSet();

    /// <summary>True where it has to know where the application listens.</summary>
    public bool NeedsAddress { get; } = text.Contains("{{site.address}}", StringComparison.Ordinal);

    /// <summary>Fills the gaps. Throws <see cref="FormatException"/> for a value that is no data.</summary>
    public RenderedConfiguration Render(IReadOnlyDictionary<string, string> values, string? address, string data)
    {
        foreach (var (name, value) in values)
        {
            if (value.Length > LongestValue || value.Any(c => char.IsControl(c) || Syntax.Contains(c)))
                throw new FormatException($"{name} may have at most {LongestValue} characters, and none of {Syntax} or control characters");
        }

        // The same values give the same version, also after a restart.
        var whole = string.Join('\n', Names.Order(StringComparer.Ordinal).Select(n => $"{n}={values.GetValueOrDefault(n)}"));
        var version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text + whole)))[..12];
        return new RenderedConfiguration(version, Gap().Replace(text, gap => gap.Groups["name"].Value switch
        {
            "version" => version,
            "site.address" => address ?? "",
            "data" => data,
            "NAME" => gap.Value,
            var name => values.GetValueOrDefault(name) ?? gap.Groups["otherwise"].Value,
        }));
    }

    [GeneratedRegex(@"\{\{(?<name>[A-Za-z0-9._-]+)(=(?<otherwise>[^}]*))?\}\}")]
    private static partial Regex Gap();
}
