namespace Samples.Cli.RunTemplate;

/// <summary>Whether a name is likely another one, misspelt.</summary>
internal static class Spelling
{
    /// <summary>
    /// True for at most two letters that are wrong, missing or too many (Levenshtein's distance, case aside), in names of five or more.
    /// </summary>
    public static bool IsNear(string written, string meant) =>
        meant.Length >= 5 && Math.Abs(written.Length - meant.Length) <= 2
        && Distance(written.ToLowerInvariant(), meant.ToLowerInvariant()) <= 2;

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var corner = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
                corner = row[j];
                row[j] = Math.Min(change, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
