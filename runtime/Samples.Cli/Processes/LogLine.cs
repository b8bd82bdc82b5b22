using System.Text.RegularExpressions;
using Spectre.Console;

namespace Samples.Cli.Processes;

/// <summary>
/// How a log line looks on the console: the replica's name in its colour, and the line's level in the colour of its urgency.
/// </summary>
internal static partial class LogLine
{
    private const int NameWidth = 18;

    private static readonly Color[] Colours =
    [
        Color.DeepSkyBlue2, Color.Green3, Color.Orange1, Color.MediumPurple2,
        Color.Gold1, Color.Turquoise2, Color.HotPink, Color.Chartreuse3,
    ];

    private static readonly Dictionary<string, Color> Given = [];

    public static void Show(IAnsiConsole console, string replica, string line)
    {
        // Written past the console's layout, which would break long lines; where there are no colours, this is the line as it is.
        if (!console.Profile.Capabilities.Ansi)
        {
            console.Profile.Out.Writer.WriteLine($"{replica,-NameWidth} {line}");
            return;
        }

        var text = line;
        if (Level().Match(line) is { Success: true } level && ColourOf(level.Value) is { } urgent)
            text = string.Concat(line.AsSpan(0, level.Index), Paint(level.Value, urgent), line.AsSpan(level.Index + level.Length));
        console.Profile.Out.Writer.WriteLine($"{Paint($"{replica,-NameWidth}", ColourOf(replica, Given))} {text}");
    }

    private static Color ColourOf(string replica, Dictionary<string, Color> given)
    {
        lock (given)
        {
            if (!given.TryGetValue(replica, out var colour))
                given.Add(replica, colour = Colours[given.Count % Colours.Length]);
            return colour;
        }
    }

    private static Color? ColourOf(string level) => level.ToLowerInvariant() switch
    {
        "warn" or "warning" => Color.Yellow,
        "fail" or "error" or "crit" or "critical" or "fatal" => Color.Red,
        _ => null,
    };

    private static string Paint(string text, Color colour) => $"\e[38;2;{colour.R};{colour.G};{colour.B}m{text}\e[0m";

    [GeneratedRegex(@"\b(trce|dbug|info|warn|fail|crit|warning|error|critical|fatal)\b(?=:|\])", RegexOptions.IgnoreCase)]
    private static partial Regex Level();
}
