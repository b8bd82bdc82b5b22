using Samples.Lab;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>The claims of a pattern: a table where the terminal is wide, else a block each.</summary>
internal static class ClaimsView
{
    public static void Show(IAnsiConsole console, PatternRecord pattern)
    {
        if (Screen.HasRoomForTables(console))
            console.Write(Table(pattern));
        else
            ShowBlocks(console, pattern);
    }

    private static Table Table(PatternRecord pattern)
    {
        var table = new Table().RoundedBorder().Title($"[bold]{Markup.Escape(pattern.Pattern)}[/] ({pattern.Seconds:0.0} s)");
        table.AddColumns("", "claim", "expected", "measured");
        table.Columns[0].NoWrap();
        foreach (var claim in pattern.Claims)
            table.AddRow(new Markup(Sign(claim)), new Text(claim.Text), new Text(claim.Expected), new Text(Measured(claim)));
        return table;
    }

    private static void ShowBlocks(IAnsiConsole console, PatternRecord pattern)
    {
        console.MarkupLine($"[bold]{Markup.Escape(pattern.Pattern)}[/] ({pattern.Seconds:0.0} s)");
        foreach (var claim in pattern.Claims)
        {
            console.WriteLine();
            // A grid breaks a long sentence below its beginning.
            var grid = new Grid().AddColumn(new GridColumn().NoWrap().Width(8).PadLeft(2).PadRight(1))
                .AddColumn(new GridColumn().PadRight(0));
            grid.AddRow(new Markup(Sign(claim)), new Text(claim.Text));
            grid.AddRow(new Text(""), new Text($"expected: {claim.Expected}"));
            grid.AddRow(new Text(""), new Text($"measured: {Measured(claim)}"));
            console.Write(grid);
        }

        console.WriteLine();
    }

    private static string Sign(Claim claim) => claim.Held switch
    {
        true => "[green]held[/]",
        false => "[red]FAILED[/]",
        null => "[yellow]not run[/]",
    };

    private static string Measured(Claim claim) => claim.Reason is null ? claim.Measured : $"{claim.Measured} ({claim.Reason})";
}
