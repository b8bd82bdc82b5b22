using System.Globalization;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>How wide what is shown may be.</summary>
internal static class Screen
{
    // A file or a log of CI has no width of its own; people read it in windows of about this one.
    private const int WidthOfFiles = 160;

    // From here on four columns side by side read better than lines one below the other.
    private const int WidthOfTables = 120;

    /// <summary>Uses the width that there is: the terminal's, else what COLUMNS says, else that of a file.</summary>
    public static void Adapt(IAnsiConsole console)
    {
        if (console.Profile.Out.IsTerminal)
            return;
        var columns = Environment.GetEnvironmentVariable("COLUMNS");
        console.Profile.Width = int.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out var width) && width > 0
            ? width
            : WidthOfFiles;
    }

    /// <summary>Whether sentences fit beside each other.</summary>
    public static bool HasRoomForTables(IAnsiConsole console) => console.Profile.Out.IsTerminal && console.Profile.Width >= WidthOfTables;
}
