using System.Text;

namespace Samples.MetricsAdapter.Sources;

/// <summary>Rows of comma-separated values as RFC 4180 has them: quoted fields may hold commas, quotes (doubled) and line ends.</summary>
internal static class CsvRows
{
    /// <summary>The rows; null for one that is not well formed, after which reading goes on with the next line.</summary>
    public static IEnumerable<List<string>?> Read(string text)
    {
        for (var at = 0; at < text.Length;)
            yield return ReadRow(text, ref at);
    }

    private static List<string>? ReadRow(string text, ref int at)
    {
        var (row, start) = (new List<string>(), at);
        while (true)
        {
            if (ReadField(text, ref at) is not { } field)
            {
                // The quote that is never closed must not swallow what follows.
                var end = text.IndexOf('\n', start);
                at = end < 0 ? text.Length : end + 1;
                return null;
            }

            row.Add(field);
            if (at >= text.Length)
                return row;
            if (text[at++] == '\n')
                return row;
        }
    }

    // Ends at a comma, a line feed or the end.
    private static string? ReadField(string text, ref int at)
    {
        if (at >= text.Length || text[at] != '"')
        {
            var end = text.AsSpan(at).IndexOfAny(',', '\n') is >= 0 and var length ? at + length : text.Length;
            var plain = text[at..end].TrimEnd('\r');
            at = end;
            return plain.Contains('"') ? null : plain;
        }

        var field = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
            {
                field.Append(text[at]);
                continue;
            }

            if (at + 1 < text.Length && text[at + 1] == '"')
            {
                field.Append('"');
                at++;
                continue;
            }

            at++;
            if (at < text.Length && text[at] == '\r')
                at++;
            return at >= text.Length || text[at] is ',' or '\n' ? field.ToString() : null;
        }

        return null;
    }
}
