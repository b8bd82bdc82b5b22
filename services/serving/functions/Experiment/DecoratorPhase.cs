using System.Text;
using System.Text.Json;

namespace Samples.Experiments.Functions;

/// <summary>Users with some of their members, chosen at random: what is missing is filled in, and nothing else happens to them.</summary>
internal sealed class DecoratorPhase(ExperimentContext context, FunctionsView view, Random random)
{
    private static readonly (string Member, string[] Values)[] Members =
    [
        ("name", ["\"Ada\"", "\"\\u00c5sa\"", "\"a}b\""]), ("colour", ["\"red\"", "\"green\""]), ("age", ["7", "40"]),
        ("id", ["9007199254740993", "123456789012345678901234567890"]), ("Name", ["null"]), ("address", ["{\"colour\":null,\"x\":[{}]}"]),
        ("tags", ["[]", "[\"a\"]"]),
    ];

    private static readonly string[] Defaulted = ["name", "colour"];

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        var count = context.Option("users", 200);
        var right = 0;
        for (var i = 0; i < count; i++)
        {
            var sent = Members.Where(_ => random.Next(2) == 0)
                .Select(m => (m.Member, Value: m.Values[random.Next(m.Values.Length)])).ToList();
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sent));
            var body = "{" + string.Join(", ", sent.Select(s => $"\"{s.Member}\": {s.Value}")) + "}";
            var answer = await view.PostAsync(
                context.IsWithout("decorator") ? "user-api" : "decorator", "users",
                new StringContent(body, Encoding.UTF8, "application/json"), cancel);
            if (answer.Status == 201 && IsFilled(answer.Body.GetProperty("user"), sent))
                right++;
            if (i % 20 == 0)
                context.Observe(new Observation("users", right));
        }

        return new Claim(
            $"{count} users with some of their members: what is missing is filled in, and what is set stays as it was", $"{count}",
            $"{right}", right == count);
    }

    private static bool IsFilled(JsonElement user, List<(string Member, string Value)> sent)
    {
        // No more members than were sent and filled in; those that were sent as they were, to the digit.
        var filled = Defaulted.Except(sent.Select(s => s.Member)).ToList();
        return user.EnumerateObject().Count() == sent.Count + filled.Count
            && sent.All(s => user.TryGetProperty(s.Member, out var kept) && Same(kept, s.Value))
            && filled.All(f => user.TryGetProperty(f, out var value) && value.GetString() is { Length: > 0 } text
                && (f == "name" || text == "blue"));
    }

    // Texts may be escaped in another way; numbers have to have the same digits.
    private static bool Same(JsonElement value, string sent) => value.ValueKind == JsonValueKind.Number
        ? value.GetRawText() == sent
        : JsonElement.DeepEquals(value, JsonDocument.Parse(sent).RootElement);
}
