namespace Samples.Runtime.Components;

/// <summary>When a write may replace what is there: the rules that all state engines share, in daprd's words.</summary>
internal static class StateRules
{
    /// <summary>Throws <see cref="ETagMismatchException"/> where <paramref name="write"/> must not replace the current ETag.</summary>
    public static void Check(StateWrite write, string? current)
    {
        if (string.IsNullOrEmpty(write.ETag))
        {
            if (write.Concurrency == Concurrency.FirstWrite && current is not null && write is StateWrite.Set)
                throw new ETagMismatchException("item already exists and no etag was passed");
            return;
        }

        if (current is null)
            throw new ETagMismatchException($"state not exist or expired for key={write.Key}");
        if (current != write.ETag)
            throw new ETagMismatchException($"state etag not match for key={write.Key}: current={current}, expect={write.ETag}");
    }
}
