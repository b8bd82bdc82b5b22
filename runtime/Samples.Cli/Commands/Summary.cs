using Samples.Lab;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>
/// The table that a run shows when everything is ready. A replica's name is its app id, with a number where there are several.
/// </summary>
internal static class Summary
{
    private static readonly string[] Columns = ["replica", "address", "sidecar", "gRPC", "process", "state"];

    public static void Show(IAnsiConsole console, IReadOnlyList<Replica> replicas, string data)
    {
        // Without frames, so that it fits a terminal of 80 columns.
        var table = new Table().Border(TableBorder.Simple).AddColumns(
            [.. Columns.Select(name => new TableColumn(name).NoWrap().Padding(0, 0, 1, 0))]);
        foreach (var replica in replicas)
        {
            table.AddRow(Markup.Escape(replica.Name), replica.AppPort > 0 ? $"http://127.0.0.1:{replica.AppPort}" : "-",
                $"{replica.DaprHttpPort}", $"{replica.DaprGrpcPort}", replica.Pid > 0 ? $"{replica.Pid}" : "-", replica.State);
        }

        console.Write(table);
        // Past the console's layout, which would break a long path.
        console.Profile.Out.Writer.WriteLine($"data and logs: {data}");
        console.Profile.Out.Writer.WriteLine("Ctrl-C stops everything; so does `samples stop`.");
    }
}
