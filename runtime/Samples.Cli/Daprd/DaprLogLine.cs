using System.Text.Json;

namespace Samples.Cli.Daprd;

/// <summary>A log line of Dapr's programs (JSON, one object a line) in the shape of all other lines of a run.</summary>
internal static class DaprLogLine
{
    /// <summary>Level and message; a line that is no JSON as it is.</summary>
    public static string Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("msg", out var message)
                && root.TryGetProperty("level", out var level)
                ? $"{Word(level.GetString())}: {message.GetString()}"
                : line;
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static string Word(string? level) => level switch
    {
        "debug" => "dbug",
        "warning" or "warn" => "warn",
        "error" => "fail",
        "fatal" => "crit",
        _ => "info",
    };
}
