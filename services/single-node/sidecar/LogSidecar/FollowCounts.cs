namespace Samples.LogSidecar;

/// <summary>What was read since the sidecar started, and what was odd about it.</summary>
public sealed class FollowCounts
{
    /// <summary>Lines that were published.</summary>
    public long Published { get; set; }

    /// <summary>Lines longer than allowed: cut.</summary>
    public long Cut { get; set; }

    /// <summary>Lines that are no access log's.</summary>
    public long Unparsed { get; set; }

    /// <summary>Files that were begun.</summary>
    public long Files { get; set; }

    /// <summary>
    /// Times that a file was found shorter than it had been read: what was written and cut off in between, nobody has seen.
    /// </summary>
    public long Truncations { get; set; }

    /// <summary>Followed files that went away with bytes that were not read.</summary>
    public long Vanished { get; set; }

    /// <summary>Checkpoints that could not be used.</summary>
    public long BadCheckpoints { get; set; }

    /// <summary>What the sidecar waits for; null where nothing.</summary>
    public string? Problem { get; set; }
}
