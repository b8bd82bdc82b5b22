using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samples.Lab;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>What a tour measured, as it is written with <c>--json</c>.</summary>
/// <param name="Runtime"><c>embedded</c> or <c>daprd</c>.</param>
internal sealed record TourRecord(string Runtime)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public List<PatternRecord> Patterns { get; } = [];

    /// <summary>True where no claim failed.</summary>
    [JsonIgnore]
    public bool Held => Patterns.All(p => p.Claims.All(c => c.Held != false));

    public void Write(string path)
    {
        // Complete or not at all: somebody may be reading it.
        var draft = path + ".new";
        File.WriteAllText(draft, JsonSerializer.Serialize(new
        {
            Runtime,
            Patterns = Patterns.Select(p => new
            {
                p.Pattern, p.Seconds, Claims = p.Claims.Select(c => new { Claim = c.Text, c.Expected, c.Measured, c.Held, c.Reason }),
            }),
        }, Json));
        File.Move(draft, path, overwrite: true);
    }

    public static void Show(IAnsiConsole console, TourRecord record)
    {
        foreach (var pattern in record.Patterns)
            ClaimsView.Show(console, pattern);
        var claims = record.Patterns.SelectMany(p => p.Claims).ToList();
        var (held, failed) = (claims.Count(c => c.Held == true), claims.Count(c => c.Held == false));
        var failures = failed == 0 ? "0 failed" : $"[red]{failed} FAILED[/]";
        console.MarkupLine($"claims: [green]{held} held[/], {failures}, {claims.Count - held - failed} not run");
    }
}

/// <summary>One pattern of a tour.</summary>
internal sealed record PatternRecord(string Pattern, double Seconds, IReadOnlyList<Claim> Claims);
