namespace Samples.ShardMemory;

/// <summary>An answer of the source.</summary>
/// <param name="Status">HTTP's.</param>
/// <param name="ContentType">HTTP's.</param>
/// <param name="Body">The bytes.</param>
/// <param name="DependsOn">What it depends on, separated by blanks; empty where nothing can change it.</param>
/// <param name="AsOf">When it was true; null where nobody knows, and then it is not kept.</param>
public sealed record Answer(int Status, string ContentType, byte[] Body, string DependsOn, SourceTime? AsOf)
{
    /// <summary>The status of all that is kept.</summary>
    public const int Kept = 200;

    /// <summary>Only what succeeded, and whose changes will be told, is kept.</summary>
    public bool MayBeKept => Status == Kept && AsOf is not null;

    /// <summary>True where a change with these names touches it: they have all that it depends on.</summary>
    public bool IsTouchedBy(HashSet<string>.AlternateLookup<ReadOnlySpan<char>> names) => IsTouchedBy(DependsOn, names);

    /// <summary>The same for what depends on these.</summary>
    internal static bool IsTouchedBy(string dependsOn, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> names)
    {
        if (dependsOn.Length == 0)
            return false;
        foreach (var name in dependsOn.AsSpan().Split(' '))
        {
            if (!names.Contains(dependsOn.AsSpan()[name]))
                return false;
        }

        return true;
    }
}
