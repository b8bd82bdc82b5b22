using System.Globalization;

namespace Samples.LegacySite;

/// <summary>The configuration file: a directive a line, its value behind it.</summary>
/// <param name="Version">What the file calls itself.</param>
/// <param name="Greeting">What the front page says.</param>
/// <param name="Expires">How long browsers may keep a page.</param>
/// <param name="Root">The folder with the pages.</param>
public sealed record SiteConfiguration(string Version, string Greeting, TimeSpan Expires, string Root)
{
    private const int LongestGreeting = 1000;

    /// <summary>Reads a file. Throws <see cref="FormatException"/> with the line that is wrong.</summary>
    public static SiteConfiguration Read(string file, string root)
    {
        var read = new SiteConfiguration("none", "Hello", TimeSpan.Zero, root);
        if (!File.Exists(file))
            return read;
        var number = 0;
        var isWhole = false;
        foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
        {
            number++;
            if (line is "" or ['#', ..])
                continue;
            if (isWhole)
                throw new FormatException($"line {number}: nothing may follow 'end'");
            var (directive, value) = line.Split(' ', 2) is [var name, var rest] ? (name, rest.Trim()) : (line, "");
            isWhole = directive == "end";
            read = directive switch
            {
                "version" => read with { Version = value },
                "greeting" when value.Length <= LongestGreeting => read with { Greeting = value },
                "greeting" => throw new FormatException($"line {number}: a greeting has at most {LongestGreeting} characters"),
                "expires" => read with
                {
                    Expires = Seconds(value) ?? throw new FormatException($"line {number}: '{value}' is no duration such as 10s"),
                },
                "root" => read with { Root = value },
                "end" => read,
                _ => throw new FormatException($"line {number}: unknown directive '{directive}'"),
            };
        }

        return isWhole ? read : throw new FormatException("the file ends before its 'end'");
    }

    /// <summary>Exit code 0 for a file that would be taken; what is wrong is said.</summary>
    public static int Check(string file, TextWriter errors)
    {
        try
        {
            if (!File.Exists(file))
                throw new FormatException("there is no such file");
            Read(file, "");
            return 0;
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {error.Message}");
            return 1;
        }
    }

    private static TimeSpan? Seconds(string text) => text is [.. var number, 's']
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 31_536_000
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
