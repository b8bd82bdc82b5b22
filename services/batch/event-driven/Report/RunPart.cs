using System.Globalization;
using System.Text.Json;
using Samples.Hashing;
using Samples.Stages;

namespace Samples.Report;

/// <summary>What came of a run through one topic.</summary>
/// <param name="Run">The run: what its events say they are about.</param>
/// <param name="Events">Orders, or dead letters.</param>
/// <param name="Quantity">Pieces ordered.</param>
/// <param name="Amount">The sum of the orders' amounts.</param>
/// <param name="ByCountry">Orders by country.</param>
/// <param name="Fingerprint">
/// The hashes of all order numbers, added up: of the same orders it is the same in any order, and not where one is missing or there twice.
/// </param>
/// <param name="Wrong">The first dead letters, in words.</param>
public sealed record RunPart(
    string Run, long Events, long Quantity, decimal Amount, SortedDictionary<string, long> ByCountry, string Fingerprint,
    IReadOnlyList<string> Wrong)
{
    private const int MostWrong = 20, MostCountries = 300;

    /// <summary>Of a run of which nothing has come.</summary>
    public static RunPart Empty(string run) => new(run, 0, 0, 0, [], "0", []);

    /// <summary>With some more of its events. The record before stays as it is.</summary>
    public RunPart With(IEnumerable<StageEvent> events)
    {
        var (count, quantity, amount) = (Events, Quantity, Amount);
        var countries = new SortedDictionary<string, long>(ByCountry, StringComparer.Ordinal);
        var fingerprint = ulong.Parse(Fingerprint, CultureInfo.InvariantCulture);
        var wrong = Wrong.ToList();
        foreach (var one in events)
        {
            count++;
            if (IsDeadLetter(one))
            {
                if (wrong.Count < MostWrong)
                    wrong.Add(Words(one.Data));
                continue;
            }

            quantity += Number(one.Data, "quantity") is { } pieces && pieces == decimal.Truncate(pieces) ? (long)pieces : 0;
            amount += Number(one.Data, "amount") ?? 0;
            fingerprint = unchecked(fingerprint + HashRing.Hash(Text(one.Data, "order") ?? one.Id));
            if (Text(one.Data, "country") is { } country && (countries.ContainsKey(country) || countries.Count < MostCountries))
                countries[country] = countries.GetValueOrDefault(country) + 1;
        }

        return new RunPart(Run, count, quantity, amount, countries, fingerprint.ToString(CultureInfo.InvariantCulture), wrong);
    }

    private static bool IsDeadLetter(StageEvent one) => Text(one.Envelope, "type") == DeadLetter.Type;

    private static string Words(JsonElement data) =>
        string.Join(' ', new[] { Text(data, "stage"), Text(data, "file"), Text(data, "reason") }.Where(w => w is not null));

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    // A number that does not fit is no amount.
    private static decimal? Number(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDecimal(out var number) && Math.Abs(number) < 1e15m
            ? number
            : null;
}
