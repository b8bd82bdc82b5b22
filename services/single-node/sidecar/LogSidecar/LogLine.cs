namespace Samples.LogSidecar;

/// <summary>
/// One line as it is published. Its place is its identity: the file's own number and the bytes from <paramref name="Offset"/> to
/// <paramref name="End"/>, which follow on each other without a gap. Read again after a crash, it is the same line with the same id.
/// </summary>
/// <param name="Id">The event id, the same each time.</param>
/// <param name="File">The number that the sidecar gave the file.</param>
/// <param name="Offset">Where the line begins, empty lines before it included.</param>
/// <param name="End">Where the next one begins.</param>
/// <param name="Text">The line without its end.</param>
/// <param name="IsCut">True where it was longer than is allowed.</param>
/// <param name="Access">Its fields, where it is an access log's line.</param>
public sealed record LogLine(string Id, string File, long Offset, long End, string Text, bool IsCut, AccessLine? Access);
