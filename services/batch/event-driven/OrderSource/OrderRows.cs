using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;

namespace Samples.OrderSource;

/// <summary>A row of a file: an order, or what is wrong with it.</summary>
/// <param name="Line">Where it begins, from 1; in a JSON array the place of the element.</param>
/// <param name="Order">Null where it is wrong.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record OrderRow(int Line, Order? Order, string? Problem);

/// <summary>
/// Reads the rows of a file: CSV (RFC 4180) with a header and one of , ; tab | between fields, JSON with an array of orders, or JSON with
/// an order a line. A wrong row is one of the rows; the others are as good as before.
/// </summary>
public static class OrderRows
{
    private const int LongestField = 10_000;

    private static readonly char[] Separators = [',', ';', '\t', '|'];

    /// <summary>The rows in their order. None in a file that is empty or has a header only.</summary>
    public static IEnumerable<OrderRow> Read(OrderFile file, Encoding encoding) => Path.GetExtension(file.Name).ToLowerInvariant() switch
    {
        ".csv" => ReadCsv(TextOf(file.Content, encoding)),
        ".json" => ReadArray(TextOf(file.Content, encoding)),
        _ => ReadLines(TextOf(file.Content, encoding)),
    };

    // A byte order mark says more than a setting.
    private static string TextOf(byte[] content, Encoding encoding)
    {
        using var reader = new StreamReader(new MemoryStream(content), encoding, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    private static IEnumerable<OrderRow> ReadCsv(string text)
    {
        var isBad = false;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = SeparatorOf(text).ToString(),
            BadDataFound = _ => isBad = true,
            MaxFieldSize = LongestField,
        };
        using var parser = new CsvParser(new StringReader(text), configuration);
        if (ReadRow(parser) is not { } header)
            yield break;
        var names = header.Select(h => h.Trim().ToLowerInvariant()).ToList();
        if (Order.Columns.Except(names).ToList() is { Count: > 0 } missing)
        {
            yield return new OrderRow(1, null, $"the header lacks {string.Join(", ", missing)}; give {string.Join(", ", Order.Columns)}");
            yield break;
        }

        while (true)
        {
            var line = parser.RawRow + 1;
            isBad = false;
            var (fields, problem) = TryRead(parser);
            if (problem is not null)
            {
                yield return new OrderRow(line, null, problem);
                yield break;
            }

            if (fields is null)
                yield break;
            yield return isBad ? new OrderRow(line, null, "a quote stands in the middle of a field; put the field in quotes and double it")
                : fields.Length != names.Count ? new OrderRow(line, null, $"it has {fields.Length} fields, the header {names.Count}")
                : ToRow(line, name => fields[names.IndexOf(name)]);
        }
    }

    // The end of a file is null. After a field that never ends, nobody knows where the next row begins.
    private static (string[]? Fields, string? Problem) TryRead(CsvParser parser)
    {
        try
        {
            return (ReadRow(parser), null);
        }
        catch (CsvHelperException error)
        {
            return (null, $"it cannot be read, nor what follows it: {error.Message.Split('\n')[0].Trim()}");
        }
    }

    private static string[]? ReadRow(CsvParser parser) => parser.Read() ? parser.Record : null;

    // The one that divides the header into the columns that it should have.
    private static char SeparatorOf(string text)
    {
        var header = text.AsSpan().TrimStart("\r\n").ToString().Split('\n', 2)[0];
        return Separators.MaxBy(
            s => header.Split(s).Select(h => h.Trim(' ', '"', '\r').ToLowerInvariant()).Intersect(Order.Columns).Count());
    }

    private static IEnumerable<OrderRow> ReadArray(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return [];
        try
        {
            var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? document.RootElement.EnumerateArray().Select((order, at) => ToRow(at + 1, order))
                : [new OrderRow(1, null, "it is no JSON array of orders")];
        }
        catch (JsonException error)
        {
            return [new OrderRow((int)(error.LineNumber ?? 0) + 1, null, $"it is no JSON: {error.Message.Split('.')[0]}")];
        }
    }

    private static IEnumerable<OrderRow> ReadLines(string text)
    {
        using var lines = new StringReader(text);
        for (var at = 1; lines.ReadLine() is { } line; at++)
        {
            if (!string.IsNullOrWhiteSpace(line))
                yield return ParseLine(at, line);
        }
    }

    private static OrderRow ParseLine(int at, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return ToRow(at, document.RootElement);
        }
        catch (JsonException)
        {
            return new OrderRow(at, null, "it is no JSON");
        }
    }

    private static OrderRow ToRow(int line, JsonElement order) => order.ValueKind != JsonValueKind.Object
        ? new OrderRow(line, null, "it is no JSON object")
        : ToRow(line, name => order.TryGetProperty(name, out var value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() is "null" ? null : value.GetRawText()
            : null);

    private static OrderRow ToRow(int line, Func<string, string?> field)
    {
        try
        {
            return new OrderRow(line, Order.Parse(field), null);
        }
        catch (FormatException error)
        {
            return new OrderRow(line, null, error.Message);
        }
    }
}
