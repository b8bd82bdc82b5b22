using System.Globalization;
using System.Net;
using System.Text;

namespace Samples.TopzSidecar;

/// <summary>The numbers: as lines, as JSON, as a page.</summary>
public static class TopzEndpoints
{
    /// <summary>Maps them.</summary>
    public static void MapTopz(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/topz", TopzAsync)
            .WithSummary("A process a line: id, percent of a processor, percent of memory, command. ?format=json tells more.");
        routes.MapGet("/", async (ProcessMeter meter, CancellationToken cancel) =>
            TypedResults.Content(Page(await meter.LastAsync(cancel)), "text/html; charset=utf-8"))
            .ExcludeFromDescription();
    }

    private static async Task<IResult> TopzAsync(ProcessMeter meter, HttpResponse response, CancellationToken cancel, string? format = null)
    {
        if (format is not (null or "" or "text" or "json"))
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["format"] = ["Give text or json."] });
        var uses = await meter.LastAsync(cancel);
        if (format == "json")
            return TypedResults.Ok(uses);
        response.Headers["Topz-Interval-Seconds"] = uses.Seconds.ToString("0.###", CultureInfo.InvariantCulture);
        return TypedResults.Text(Lines(uses));
    }

    /// <summary>The book's four columns.</summary>
    public static string Lines(ProcessUses uses)
    {
        var text = new StringBuilder();
        foreach (var use in uses.Processes)
            text.Append(CultureInfo.InvariantCulture, $"{use.Pid} {use.CpuPercent:0.0} {use.MemoryPercent:0.0} {use.Command}\n");
        return text.ToString();
    }

    private static string Page(ProcessUses uses)
    {
        var processes = uses.Processes.OrderByDescending(p => p.CpuPercent).ThenByDescending(p => p.MemoryPercent);
        var rows = string.Concat(processes.Select(p => string.Create(
            CultureInfo.InvariantCulture,
            $"<tr><td>{p.Pid}<td>{p.Parent}<td>{p.State}<td>{p.CpuPercent:0.0}<td>{p.MemoryPercent:0.0}"
            + $"<td class=\"command\">{WebUtility.HtmlEncode(p.Command)}\n")));
        return string.Create(CultureInfo.InvariantCulture, $$"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8"><meta http-equiv="refresh" content="2"><meta name="viewport" content="width=device-width">
            <title>topz</title>
            <style>
            body { font: 15px system-ui; margin: 2rem; color-scheme: light dark }
            td, th { padding: .15rem .8rem; text-align: right } .command { text-align: left; font-family: monospace }
            </style>
            <h1>topz</h1>
            <p>Of one processor, and of the memory, in the {{uses.Seconds:0.0}} s before {{uses.At:HH:mm:ss}} UTC.
            <table><thead><tr><th>process<th>parent<th>state<th>CPU %<th>memory %<th class="command">command<tbody>
            {{rows}}</table>
            </html>
            """);
    }
}
