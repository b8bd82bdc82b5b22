namespace Samples.Experiments.ScatterGather;

/// <summary>What people type and paste: each has its defined answer, and none breaks anything.</summary>
internal sealed class InputPhase(SearchView view)
{
    private static readonly (string Query, string? Field)[] Inputs =
    [
        // Nothing to search for.
        ("", "q"), ("q=", "q"), ("q=%20%20", "q"), ("q=-only", "q"), ("q=--", "q"), ("q=%2B%2B", "q"), ("q=%00", "q"),
        ("q=%F0%9F%98%80", "q"),
        // No syntax of other searches, and not too many words.
        ("q=%22open", "q"), ("q=%22a+phrase%22", "q"), ("q=wild*", "q"), ("q=this+OR+that", "q"), ("q=%25+_", "q"), ("q=NEAR", "q"),
        ("q=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q", "q"),
        // Values out of range.
        ("q=string&k=0", "k"), ("q=string&k=101", "k"), ("q=string&k=ten", "k"), ("q=string&k=99999999999", "k"),
        ("q=string&mode=magic", "mode"), ("q=string&leaves=5", "leaves"), ("q=string&leaves=0", "leaves"),
        ("q=string&deadlineMs=1", "deadlineMs"), ("q=string&hedging=maybe", "hedging"),
        // Odd, and answered.
        ("q=qwertzuiop", null), ("q=string+qwertzuiop", null), ("q=string+-string", null), ("q=%27%3B+DROP+TABLE+passage%3B", null),
        ("q=List(T).Add(T)", null), ("q=near", null),
    ];

    private static readonly string[] Modes = ["&mode=leaf-sharding", "&mode=root-distribution"];

    // Where an answer is wanted: what a busy machine leaves out of it is not the subject here.
    private const string LongDeadline = "&deadlineMs=10000";

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        var wrong = new List<string>();
        foreach (var (query, field) in Inputs)
        {
            foreach (var mode in query.Contains("mode=", StringComparison.Ordinal) ? [""] : Modes)
                Check($"{query}{mode}", await view.GetAsync($"/search?{query}{mode}{(field is null ? LongDeadline : "")}", cancel), field);
        }

        // A sidecar may refuse a line that long by itself; what the search says is to be heard at its own door.
        Check("10,000 letters", await view.GetDirectlyAsync("/search?q=" + new string('a', 10_000), cancel), "q");
        Check("5,000 words", await view.GetDirectlyAsync("/search?q=" + string.Join('+', Enumerable.Repeat("a", 5_000)), cancel), "q");
        var all = Inputs.Length + 2;
        return new Claim(
            $"{all} odd queries (empty, syntax errors, 10,000 characters, unknown words, values out of range) "
                + "get 400 that names the field, or an answer",
            $"{all}",
            wrong.Count == 0 ? $"{all}" : $"not: {string.Join(", ", wrong)}",
            wrong.Count == 0);

        void Check(string query, (int Status, string Text) answer, string? field)
        {
            var isRight = field is null
                ? answer.Status == 200 && answer.Text.Contains("\"partial\":false", StringComparison.Ordinal)
                : answer.Status == 400 && answer.Text.Contains($"\"{field}\":[", StringComparison.Ordinal);
            if (!isRight)
                wrong.Add($"{query} ({answer.Status})");
        }
    }
}
