using System.Text.Json;

namespace Samples.LegacyMeter;

/// <summary>What the meter has counted, by site, and its log of JSON lines.</summary>
internal sealed class Register(string log)
{
    private sealed record Line(string Time, string Level, string Msg, string Site, double Kwh);

    private readonly SortedDictionary<string, (long Pulses, double Kwh)> _sites = new(StringComparer.Ordinal);
    private readonly Lock _turn = new();

    /// <summary>Counts; the result is how often this site did.</summary>
    public long Pulse(string site, double kwh)
    {
        lock (_turn)
        {
            var (pulses, sum) = _sites.GetValueOrDefault(site);
            _sites[site] = (pulses + 1, sum + kwh);
            var line = new Line(DateTimeOffset.UtcNow.ToString("O"), kwh > 1000 ? "warn" : "info", "pulse", site, kwh);
            File.AppendAllText(log, JsonSerializer.Serialize(line, JsonSerializerOptions.Web) + "\n");
            return pulses + 1;
        }
    }

    /// <summary>Rows of <c>name,kind,unit,value</c> and labels.</summary>
    public string Rows()
    {
        lock (_turn)
        {
            return "temperature,level,C,21.5\nhumidity,level,%,40\n" + string.Concat(_sites.Select(s =>
                FormattableString.Invariant($"pulses,count,,{s.Value.Pulses},{Quote($"site={s.Key}")}\n")
                + FormattableString.Invariant($"energy,count,kWh,{s.Value.Kwh},{Quote($"site={s.Key}")}\n")));
        }
    }

    private static string Quote(string field) => $"\"{field.Replace("\"", "\"\"")}\"";
}
