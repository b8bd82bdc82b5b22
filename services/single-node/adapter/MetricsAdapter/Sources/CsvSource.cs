using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Samples.MetricsAdapter.Page;

namespace Samples.MetricsAdapter.Sources;

/// <summary>
/// A line protocol over TCP, as devices have it: the question <c>stats</c>, then a row a value, <c>name,kind,unit,value</c> and a column
/// <c>label=value</c> for each label. The kind is <c>count</c> or <c>level</c>. The answer ends when the device closes the connection.
/// </summary>
internal sealed class CsvSource(string name, SourceAddress address, int mostBytes) : ISource
{
    public string Name => name;

    public async Task<Reading> ReadAsync(CancellationToken cancel)
    {
        try
        {
            var endpoint = await address.FindAsync(cancel);
            // Disposing closes the connection: of a reading that is cancelled nothing is left.
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(endpoint.Host, endpoint.Port, cancel);
            var stream = client.GetStream();
            await stream.WriteAsync("stats\n"u8.ToArray(), cancel);
            return Read(name, await ReadToEndAsync(stream, cancel));
        }
        catch (Exception error) when (error is SocketException or HttpRequestException)
        {
            address.Forget();
            throw;
        }
    }

    /// <summary>Values of an answer; what is none is counted.</summary>
    public static Reading Read(string source, string text)
    {
        var (samples, refused) = (new List<Sample>(), 0);
        foreach (var row in CsvRows.Read(text).Where(r => r is not [""]))
        {
            if (row is not null && ReadRow(source, row) is { } sample)
                samples.Add(sample);
            else
                refused++;
        }

        // Not one row is one: that is another protocol, or none.
        if (samples.Count == 0)
            throw new SourceException(refused == 0 ? "empty" : "format", "Rows of name,kind,unit,value are expected.");
        return new Reading(samples, new Dictionary<string, int> { ["format"] = refused });
    }

    private static Sample? ReadRow(string source, List<string> row)
    {
        if (row is not [{ Length: > 0 } name, "count" or "level", var unit, var text, .. var labels]
            || !MetricNames.Units.TryGetValue(unit, out var known)
            || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || labels.Any(l => l.IndexOf('=') <= 0))
            return null;
        var type = row[1] == "count" ? MetricType.Counter : MetricType.Gauge;
        var family = new MetricFamily(
            MetricNames.Make(source, name, known.Suffix, type), type, $"The {row[1]} '{name}' of {source}.");
        return new Sample(family, [.. labels.Select(l => l.Split('=', 2)).Select(l => new Label(l[0], l[1]))], known.Convert(value));
    }

    private async Task<string> ReadToEndAsync(NetworkStream stream, CancellationToken cancel)
    {
        using var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            if (all.Length + read > mostBytes)
                throw new SourceException("too-large", $"At most {mostBytes} bytes are read.");
            all.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }
}
