using Microsoft.Net.Http.Headers;
using Samples.Cache.Storage;

namespace Samples.Cache.Http;

/// <summary>
/// The part of a stored answer that a client asks for (RFC 9110, 14). One range is cut out; several at once are answered with the whole, as
/// the RFC allows.
/// </summary>
/// <param name="From">The first byte.</param>
/// <param name="Length">0 for a range beyond the end: 416.</param>
public readonly record struct ByteRange(int From, int Length)
{
    /// <summary>Null where the whole is to be sent.</summary>
    public static ByteRange? Of(IHeaderDictionary asked, StoredResponse stored)
    {
        if (stored.Status != StatusCodes.Status200OK || !RangeHeaderValue.TryParse(asked.Range.ToString(), out var range)
            || range.Unit != "bytes" || range.Ranges.Count != 1 || !IsSame(asked, stored))
            return null;
        var (size, wanted) = (stored.Body.Length, range.Ranges.Single());
        if (wanted.From is not { } from)
        {
            var last = (int)Math.Min(wanted.To ?? 0, size);
            return new ByteRange(size - last, last);
        }

        return from >= size ? new ByteRange(0, 0) : new ByteRange((int)from, (int)(Math.Min(wanted.To ?? size - 1, size - 1) - from + 1));
    }

    // If-Range: the part only if the client's other parts are of this very answer.
    private static bool IsSame(IHeaderDictionary asked, StoredResponse stored)
    {
        if (asked.IfRange.Count == 0)
            return true;
        var condition = asked.IfRange.ToString();
        return EntityTagHeaderValue.TryParse(condition, out var tag)
            ? Conditions.Tag(stored) is { } own && own.Compare(tag, useStrongComparison: true)
            : condition == stored.Headers.GetValueOrDefault(HeaderNames.LastModified).ToString();
    }
}
