namespace Samples.LogSidecar;

/// <summary>A file that is or was followed.</summary>
/// <param name="Number">What its lines' ids begin with: drawn once, never again, so that a file in an old one's place is another.</param>
/// <param name="Identity">Which file it is.</param>
/// <param name="Offset">Everything before this was published.</param>
public sealed record FollowedFile(string Number, FileIdentity Identity, long Offset);

/// <summary>How far was read: the newest file last.</summary>
public sealed record Checkpoint(IReadOnlyList<FollowedFile> Files)
{
    /// <summary>Files that are gone are forgotten, except the last few: they tell that a new one is new.</summary>
    public const int MostKept = 50;

    /// <summary>Null where it is whole, or what is wrong with it.</summary>
    public string? Problem =>
        Files is null ? "it names no files"
        : Files.Any(f => f is null || string.IsNullOrEmpty(f.Number)
            || f.Identity is not { Node.Length: > 0, Head: not null, HeadLength: >= 0 and <= FileIdentity.LongestHead })
            ? "a file in it has no identity"
        : Files.Any(f => f.Offset < 0) ? "a position in it is negative"
        : Files.DistinctBy(f => f.Number).Count() != Files.Count ? "two files in it have one number"
        : null;
}

/// <summary>Where checkpoints are kept.</summary>
public interface ICheckpoints
{
    /// <summary>
    /// The last one; null where there is none. Throws <see cref="System.Text.Json.JsonException"/> for one that cannot be read.
    /// </summary>
    Task<Checkpoint?> ReadAsync(CancellationToken cancel);

    /// <summary>Keeps one.</summary>
    Task WriteAsync(Checkpoint checkpoint, CancellationToken cancel);
}

/// <summary>Takes lines; returns when they are safe.</summary>
public interface ILinePublisher
{
    /// <summary>Publishes them. Throws where not all were taken; they may be published again.</summary>
    Task PublishAsync(IReadOnlyList<LogLine> lines, CancellationToken cancel);
}
