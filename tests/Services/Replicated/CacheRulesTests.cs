using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>Dates in all their forms, what is said to shared caches alone, and statuses that have to be understood.</summary>
public sealed class CacheRulesTests
{
    private const string Hit = "HIT", Miss = "MISS";

    // It is the year 2000 for the cache.
    [Theory]
    [InlineData("Fri, 18 Aug 2000 02:01:18 GMT", Hit)]
    [InlineData("Sun, 21 Nov 2286 04:46:39 GMT", Hit)]
    [InlineData("FRI, 18 AUG 2000 02:01:18 gmt", Hit)]
    [InlineData("Mon, 18 Aug 2000 02:01:18 GMT", Hit)]
    [InlineData("Friday, 18-Aug-00 02:01:18 GMT", Hit)]
    [InlineData("Thursday, 18-Aug-50 02:01:18 GMT", Hit)]
    [InlineData("Saturday, 18-Aug-51 02:01:18 GMT", Miss)]
    [InlineData("Fri Aug 18 02:01:18 2000", Hit)]
    [InlineData("Tue Aug  8 02:01:18 2000", Hit)]
    [InlineData("Fri, 18 Aug 2000 02:01:18 UTC", Miss)]
    [InlineData("Fri, 18 Aug 00 02:01:18 GMT", Miss)]
    [InlineData("Fri 18 Aug 2000 02:01:18 GMT", Miss)]
    [InlineData("Fri, 18  Aug  2000 02:01:18 GMT", Miss)]
    [InlineData("Fri, 18-Aug-2000 02:01:18 GMT", Miss)]
    [InlineData("Fri, 18 Aug 2000 02.01.18 GMT", Miss)]
    [InlineData("Fri, 18 Aug 2000 2:01:18 GMT", Miss)]
    [InlineData("Fri, 30 Feb 2000 02:01:18 GMT", Miss)]
    [InlineData(",", Miss)]
    [InlineData("GMT", Miss)]
    public async Task A_date_is_read_in_each_of_three_forms_and_in_no_other(string expires, string second) =>
        Assert.Equal(second, await SecondAsync(200, $"Expires: {expires}"));

    // RFC 9213: valid and not empty, it counts in the place of Cache-Control and Expires.
    [Theory]
    [InlineData("max-age=60", "no-store", Hit)]
    [InlineData("max-age=60", "private", Hit)]
    [InlineData("foo, max-age=60;a=1", "no-store", Hit)]
    [InlineData("max-age=99999999999", "max-age=0", Hit)]
    [InlineData("max-age=0", "max-age=60", Miss)]
    [InlineData("no-store", "max-age=60", Miss)]
    [InlineData("private", "max-age=60", Miss)]
    [InlineData("no-cache", "max-age=60", Miss)]
    [InlineData("max-age=60, &&&&", "no-store", Miss)]
    [InlineData("Max-Age=60", "no-store", Miss)]
    [InlineData("max-age =60", "no-store", Miss)]
    [InlineData("max-age=\"60\"", "no-store", Miss)]
    [InlineData("max-age=\"60\"", "max-age=60", Miss)]
    [InlineData("max-age=60.5", "max-age=60", Miss)]
    [InlineData("max-age", "max-age=60", Miss)]
    [InlineData("note=\"no-store, \\\"private\", max-age=60", "no-store", Hit)]
    [InlineData("", "max-age=60", Hit)]
    [InlineData("&", "max-age=60", Hit)]
    public async Task What_is_said_to_shared_caches_alone_counts_before_what_is_said_to_all(string targeted, string toAll, string second)
    {
        Assert.Equal(second, await SecondAsync(200, $"CDN-Cache-Control: {targeted}", $"Cache-Control: {toAll}"));
        if (second == Miss && targeted.Length > 1)
            Assert.Equal(Miss, await SecondAsync(200, $"CDN-Cache-Control: {targeted}", $"Cache-Control: {toAll}", "Expires: 0"));
    }

    [Fact]
    public async Task Expires_means_nothing_beside_what_is_said_to_shared_caches_alone() =>
        Assert.Equal(Miss, await SecondAsync(200, "CDN-Cache-Control: foo", "Expires: Fri, 18 Aug 2000 02:01:18 GMT"));

    [Theory]
    [InlineData(200, "max-age=60, no-store, must-understand", Hit)]
    [InlineData(599, "max-age=60, no-store, must-understand", Miss)]
    [InlineData(599, "max-age=60, must-understand", Miss)]
    [InlineData(599, "max-age=60", Hit)]
    [InlineData(200, "max-age=60, no-store", Miss)]
    public async Task A_status_that_has_to_be_understood_is(int status, string control, string second) =>
        Assert.Equal(second, await SecondAsync(status, $"Cache-Control: {control}"));

    private static async Task<string?> SecondAsync(int status, params string[] headers)
    {
        await using var bench = await CacheBench.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return ScriptedOrigin.SayAsync(http, "one", headers);
        });
        Assert.Equal(Miss, (await bench.GetAsync("/a")).XCache);
        return (await bench.GetAsync("/a")).XCache;
    }
}
