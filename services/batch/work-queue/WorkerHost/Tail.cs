namespace Samples.WorkerHost;

/// <summary>The end of what a program writes, however much it is.</summary>
internal static class Tail
{
    private const int Kept = 4096;

    /// <summary>Reads to the end; the result is the last line that is not empty.</summary>
    public static async Task<string> ReadAsync(StreamReader from)
    {
        var (tail, buffer) = ("", new char[Kept]);
        while (await from.ReadAsync(buffer) is > 0 and var count)
        {
            tail += new string(buffer, 0, count);
            tail = tail.Length > Kept ? tail[^Kept..] : tail;
        }

        return tail.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
    }
}
