using System.Text.Json;
using Json.Schema;

namespace Samples.Decorator;

/// <summary>What a user may look like, as a JSON schema (draft 2020-12).</summary>
public static class UserSchema
{
    private static readonly EvaluationOptions Options = new() { OutputFormat = OutputFormat.List };
    private static readonly JsonSchema Schema = Load();

    /// <summary>Members with what is wrong with them; empty where all is well.</summary>
    public static IDictionary<string, string[]> Problems(JsonElement user)
    {
        var result = Schema.Evaluate(user, Options);
        return result.IsValid
            ? new Dictionary<string, string[]>()
            : (result.Details ?? []).Where(d => d.Errors is { Count: > 0 })
                .SelectMany(d => d.Errors!.Values.Select(e => (Member: Name(d.InstanceLocation.ToString()), Problem: e)))
                .GroupBy(p => p.Member).ToDictionary(g => g.Key, g => g.Select(p => p.Problem).Distinct().ToArray());
    }

    // A JSON pointer: /address/street is address.street, and the whole is the body.
    private static string Name(string pointer) => pointer.Length == 0 ? "body" : pointer[1..].Replace('/', '.');

    private static JsonSchema Load()
    {
        using var stream = typeof(UserSchema).Assembly.GetManifestResourceStream("user.schema.json")!;
        using var reader = new StreamReader(stream);
        return JsonSchema.FromText(reader.ReadToEnd());
    }
}
