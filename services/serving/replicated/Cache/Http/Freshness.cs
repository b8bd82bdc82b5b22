using System.Globalization;
using Microsoft.Extensions.Primitives;
using Samples.Cache.Storage;

namespace Samples.Cache.Http;

/// <summary>What may be done with a stored answer.</summary>
public enum Use
{
    /// <summary>Serve it.</summary>
    Serve,

    /// <summary>Serve it, and ask the origin meanwhile (RFC 5861, 3).</summary>
    ServeAndRevalidate,

    /// <summary>Ask the origin first whether it is still good.</summary>
    Revalidate,
}

/// <summary>How old an answer is and how long it is good for (RFC 9111, 4.2).</summary>
public static class Freshness
{
    /// <summary>The statuses that allow to guess where nothing is said (RFC 9110, 15.1).</summary>
    public static readonly IReadOnlySet<int> Heuristic = new HashSet<int> { 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501 };
    private const double HeuristicShare = 0.1;
    private static readonly TimeSpan LongestGuess = TimeSpan.FromDays(1);

    /// <summary>
    /// How long an answer is fresh, counted from its date (RFC 9111, 4.2.1): what is said to shared caches goes before what is said to all.
    /// </summary>
    public static TimeSpan Lifetime(StoredResponse stored)
    {
        var control = stored.Control;
        if (control.Seconds("s-maxage") is { } shared)
            return shared;
        if (control.Seconds("max-age") is { } age)
            return age;
        if (!control.IsTargeted && stored.Headers.TryGetValue("Expires", out var expires))
            return HttpDate.Read(expires, stored.Received) is { } end ? end - stored.Date : TimeSpan.Zero;
        if (!IsHeuristic(stored.Status, control) || stored.Modified is not { } modified)
            return TimeSpan.Zero;
        var guess = (stored.Date - modified) * HeuristicShare;
        return guess < LongestGuess ? guess : LongestGuess;
    }

    /// <summary>How old it is (RFC 9111, 4.2.3): time in other caches and on the way included.</summary>
    public static TimeSpan Age(StoredResponse stored, DateTimeOffset now)
    {
        var apparent = Larger(stored.Received - stored.Date, TimeSpan.Zero);
        var corrected = AgeHeader(stored.Headers.GetValueOrDefault("Age")) + (stored.Received - stored.Asked);
        return Larger(apparent, corrected) + Larger(now - stored.Received, TimeSpan.Zero);
    }

    /// <summary>What may be done for a request that says <paramref name="asked"/>.</summary>
    public static Use Judge(StoredResponse stored, CacheControl asked, DateTimeOffset now)
    {
        var (age, lifetime) = (Age(stored, now), Lifetime(stored));
        if (stored.Control.Has("no-cache") || asked.Has("no-cache") || age > asked.Seconds("max-age"))
            return Use.Revalidate;
        var left = lifetime - age;
        if (left > TimeSpan.Zero)
            return left >= (asked.Seconds("min-fresh") ?? TimeSpan.Zero) ? Use.Serve : Use.Revalidate;
        if (MustRevalidate(stored.Control))
            return Use.Revalidate;
        if (asked.Has("max-stale") && (asked.Seconds("max-stale") is not { } most || most == TimeSpan.Zero || -left <= most))
            return Use.Serve;
        return -left <= stored.Control.Seconds("stale-while-revalidate") ? Use.ServeAndRevalidate : Use.Revalidate;
    }

    /// <summary>Whether it may be served where the origin fails (RFC 5861, 4).</summary>
    public static bool MayServeOnError(StoredResponse stored, CacheControl asked, DateTimeOffset now)
    {
        if (MustRevalidate(stored.Control) || stored.Control.Has("no-cache"))
            return false;
        var allowed = stored.Control.Seconds("stale-if-error") ?? asked.Seconds("stale-if-error");
        return Age(stored, now) - Lifetime(stored) <= allowed;
    }

    /// <summary>Whether something says how long the answer is good for, or lets a cache guess.</summary>
    public static bool IsGiven(int status, IReadOnlyDictionary<string, StringValues> headers, CacheControl control) =>
        control.Has("s-maxage") || control.Has("max-age") || (!control.IsTargeted && headers.ContainsKey("Expires"))
            || IsHeuristic(status, control);

    private static bool IsHeuristic(int status, CacheControl control) => Heuristic.Contains(status) || control.Has("public");

    private static bool MustRevalidate(CacheControl control) =>
        control.Has("must-revalidate") || control.Has("proxy-revalidate") || control.Has("s-maxage");

    // Of several values the first counts; one that is no number says nothing.
    private static TimeSpan AgeHeader(StringValues value)
    {
        var first = ((string?)value ?? "").Split(',')[0].Trim();
        return first.Length > 0 && first.All(char.IsAsciiDigit)
            ? TimeSpan.FromSeconds(int.TryParse(first, out var seconds) ? seconds : int.MaxValue)
            : TimeSpan.Zero;
    }

    private static TimeSpan Larger(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
