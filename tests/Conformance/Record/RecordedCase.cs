using System.Text.Json;
using System.Text.Json.Nodes;

namespace Samples.Conformance.Record;

/// <summary>One case of the record: a request, daprd's answer, and what reached the application.</summary>
internal sealed record RecordedCase(string Transport, JsonObject Json)
{
    public string Block { get; } = Json["block"]!.GetValue<string>();

    public string Name { get; } = Json["name"]!.GetValue<string>();

    public JsonObject? Request { get; } = Json["request"] as JsonObject;

    public JsonObject? Response { get; } = Json["response"] as JsonObject;

    public string? Note { get; } = Json["note"]?.GetValue<string>();

    /// <summary>What the application received, in order.</summary>
    public IReadOnlyList<Received> SentToApp { get; } = [.. (Json["sent_to_app"] as JsonArray ?? []).Select(s => new Received(
        s!["method"]!.GetValue<string>(), s["path"]!.GetValue<string>(),
        s["headers"]!.AsObject().ToDictionary(h => h.Key, h => h.Value!.GetValue<string>()), s["body"]!.GetValue<string>()))];

    public override string ToString() => $"{Transport} {Block}: {Name}";

    public static IReadOnlyList<RecordedCase> Load(string transport)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "Record", $"{transport}-1.18.json");
        return [.. JsonNode.Parse(File.ReadAllText(file))!["records"]!.AsArray().Select(r => new RecordedCase(transport, r!.AsObject()))];
    }
}

/// <summary>A deliberate difference from daprd: where, and why it is so.</summary>
/// <param name="Case">Transport, block and name, as a case prints; <c>*</c> at the end stands for all that start so.</param>
/// <param name="At">The place, <c>*</c> at the end as above.</param>
/// <param name="Why">The reason.</param>
/// <param name="Until">The pending block with which it goes; null for one that stays.</param>
internal sealed record DeliberateDifference(string Case, string At, string Why, string? Until = null)
{
    /// <summary>False for a difference that this machine cannot show.</summary>
    public bool Applies =>
        Until is null
            ? !Replay.Pending.Keys.Any(block => Case.Contains($" {block}:", StringComparison.Ordinal))
            : Replay.Pending.ContainsKey(Until);

    public bool Covers(RecordedCase recorded, Difference difference) =>
        Applies && Fits(Case, recorded.ToString()) && Fits(At, difference.At);

    public static IReadOnlyList<DeliberateDifference> Load() => JsonSerializer.Deserialize<DeliberateDifference[]>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Record", "differences.json")), JsonSerializerOptions.Web)!;

    private static bool Fits(string pattern, string text) =>
        pattern.EndsWith('*') ? text.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == text;
}
