namespace Samples.LogStore;

/// <summary>What is known of a line that is an access log's.</summary>
public sealed record AccessFields(string? Path, int? Status, long? Bytes);

/// <summary>
/// A line as log-sidecar publishes it: it is the bytes from <paramref name="Offset"/> to <paramref name="End"/> of a file.
/// </summary>
public sealed record LogEvent(string? Id, string? File, long? Offset, long? End, AccessFields? Access)
{
    private const int LongestName = 100, LongestPath = 200;

    /// <summary>Null for one that can be counted.</summary>
    public string? Problem =>
        File is not { Length: > 0 and <= LongestName } ? $"file: give the file's number, at most {LongestName} characters"
        : Offset is not >= 0 || End is not > 0 || End <= Offset ? "offset, end: give where the line begins and ends"
        : Id != $"{File}:{Offset}" ? "id: it is the file's number and the offset, with a colon between"
        : null;

    /// <summary>The path to count, not longer than a key may be.</summary>
    public string Path => Access?.Path is not { Length: > 0 } path ? "(none)" : path.Length <= LongestPath ? path : path[..LongestPath];

    /// <summary>The status to count.</summary>
    public string Status => Access?.Status is { } status ? $"{status}" : "(none)";
}
