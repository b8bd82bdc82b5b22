using Microsoft.Extensions.Primitives;
using Samples.Cache.Http;

namespace Samples.Cache.Storage;

/// <summary>An answer as it came, and when. A value: revalidation makes a new one.</summary>
public sealed record StoredResponse
{
    // Lists, nodes, strings' and arrays' own headers: measured with a million small answers.
    private const int Overhead = 1200;

    /// <summary>The status.</summary>
    public required int Status { get; init; }

    /// <summary>The header fields, without those of the connection.</summary>
    public required IReadOnlyDictionary<string, StringValues> Headers { get; init; }

    /// <summary>The body.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>When the origin was asked.</summary>
    public required DateTimeOffset Asked { get; init; }

    /// <summary>When its answer came.</summary>
    public required DateTimeOffset Received { get; init; }

    /// <summary>The request's values of the fields that <c>Vary</c> names: for other values this is no answer.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Selecting { get; init; }

    /// <summary>The answer's directives.</summary>
    public CacheControl Control => _control ??= CacheControl.Of(Headers);

    /// <summary>When the origin says that it wrote it, or when it came.</summary>
    public DateTimeOffset Date => _date ??= HttpDate.Read(Headers.GetValueOrDefault("Date"), Received) ?? Received;

    /// <summary>When it says that it last changed; null where it does not.</summary>
    public DateTimeOffset? Modified => HttpDate.Read(Headers.GetValueOrDefault("Last-Modified"), Received);

    /// <summary>Bytes of memory that it takes, to within a tenth.</summary>
    public long Bytes => Overhead + Body.Length + Headers.Sum(h => 2L * (h.Key.Length + h.Value.Sum(v => v?.Length ?? 0)));

    // Read once: every hit asks for them.
    private CacheControl? _control;
    private DateTimeOffset? _date;

    /// <summary>Whether it answers a request with these fields (RFC 9111, 4.1).</summary>
    public bool Matches(IHeaderDictionary asked) => Selecting.All(s => Normalized(asked[s.Key]) == s.Value);

    /// <summary>The values that <c>Vary</c> selects by.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Select(StringValues vary, IHeaderDictionary asked) =>
        [.. Storability.Names(vary).Select(name => KeyValuePair.Create(name, Normalized(asked[name])))];

    // Lines and blanks between list elements mean nothing.
    private static string Normalized(StringValues values) => string.Join(',', Storability.Names(values));
}
