namespace Samples.ShardMemory;

/// <summary>A moment of the source: one of its lives, and how many changes it had made in it.</summary>
public readonly record struct SourceTime(string Life, long Sequence)
{
    /// <summary>As headers have it.</summary>
    public override string ToString() => $"{Life}.{Sequence}";

    /// <summary>Null for what is no moment.</summary>
    public static SourceTime? Parse(string? text) =>
        text?.Split('.') is [{ Length: > 0 } life, var number] && long.TryParse(number, out var sequence)
            ? new SourceTime(life, sequence)
            : null;
}

/// <summary>A change of the source. An answer is void by it where one of these sets has all that the answer depends on.</summary>
public sealed record Change(long Sequence, IReadOnlyList<IReadOnlyList<string>> Touched);

/// <summary>What a shard missed.</summary>
/// <param name="Life">The source's life: a new one has forgotten who has leases.</param>
/// <param name="Sequence">Whoever has applied these changes is as of then.</param>
/// <param name="Reset">There are more than are told: nothing that is remembered can be trusted.</param>
/// <param name="LeaseMs">For how long, from before it asked, the shard may now tell what it remembers.</param>
/// <param name="Changes">In their order.</param>
public sealed record ChangePage(string Life, long Sequence, bool Reset, double LeaseMs, IReadOnlyList<Change> Changes);

/// <summary>What the source and the shards say beside an answer.</summary>
public static class AnswerHeaders
{
    /// <summary>When it was true: a <see cref="SourceTime"/>. Without it an answer is not kept.</summary>
    public const string AsOf = "X-As-Of";

    /// <summary>What it depends on, escaped and separated by blanks.</summary>
    public const string DependsOn = "X-Depends-On";

    /// <summary>How a shard came by it: one of <see cref="Found"/>.</summary>
    public const string Cache = "X-Cache";

    /// <summary>Which process gave it.</summary>
    public const string Replica = "X-Replica";
}

/// <summary>How an answer was found.</summary>
public static class Found
{
    /// <summary>In memory.</summary>
    public const string Hit = "HIT";

    /// <summary>The source was asked.</summary>
    public const string Miss = "MISS";

    /// <summary>Another shard that had it was asked.</summary>
    public const string Handed = "HANDED";

    /// <summary>In memory, while the source cannot be reached: it may be old.</summary>
    public const string Stale = "STALE";
}
