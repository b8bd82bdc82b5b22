using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>What is kept, for how long and for whom: RFC 9111 and RFC 5861, over real HTTP.</summary>
public sealed class CacheTests
{
    private const string Fresh = "Cache-Control: public, max-age=60";

    [Fact]
    public async Task A_fresh_answer_comes_from_memory_and_says_how_old_it_is()
    {
        await using var bench = await CacheBench.StartAsync(ScriptedOrigin.Says("one", Fresh));
        Assert.Equal("MISS", (await bench.GetAsync("/a")).XCache);
        bench.Time.Advance(TimeSpan.FromSeconds(20));
        var second = await bench.GetAsync("/a");
        Assert.Equal("HIT one", $"{second.XCache} {second.Body}");
        Assert.InRange(int.Parse(second.Header("Age")!, System.Globalization.CultureInfo.InvariantCulture), 19, 22);
        bench.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("MISS", (await bench.GetAsync("/a")).XCache);
    }

    [Theory]
    [InlineData("Cache-Control: private, max-age=60")]
    [InlineData("Cache-Control: no-store")]
    [InlineData("Cache-Control: max-age=60, private=\"x\"")]
    [InlineData("Cache-Control: public, max-age=60", "Vary: *")]
    [InlineData("Cache-Control: max-age=60", "Set-Cookie: session=1")]
    [InlineData("Cache-Control: public, max-age=nonsense")]
    [InlineData("Cache-Control: public, max-age=-1")]
    [InlineData("Cache-Control: public, max-age=60, s-maxage=0")]
    [InlineData("Expires: 0")]
    [InlineData("X-Nothing: said")]
    public async Task What_may_not_be_kept_is_asked_for_each_time(params string[] headers)
    {
        await using var bench = await CacheBench.StartAsync(ScriptedOrigin.Says("mine", headers));
        foreach (var _ in Enumerable.Range(0, 3))
            Assert.Equal("MISS mine", await WordsAsync(bench.GetAsync("/a")));
        Assert.Equal(3, bench.Origin.Asked.Count);
    }

    [Fact]
    public async Task What_was_asked_for_with_credentials_is_shared_only_where_the_origin_says_so()
    {
        await using var bench = await CacheBench.StartAsync(http =>
            ScriptedOrigin.SayAsync(
                http, $"for {http.Request.Headers.Authorization}", http.Request.Path == "/all" ? Fresh : "Cache-Control: max-age=60"));
        Assert.Equal("MISS for a", await WordsAsync(bench.GetAsync("/own", "Authorization: a")));
        Assert.Equal("MISS for b", await WordsAsync(bench.GetAsync("/own", "Authorization: b")));
        Assert.Equal("MISS for a", await WordsAsync(bench.GetAsync("/all", "Authorization: a")));
        Assert.Equal("HIT for a", await WordsAsync(bench.GetAsync("/all", "Authorization: b")));
    }

    [Fact]
    public async Task A_304_renews_the_stored_answer_with_its_new_lifetime()
    {
        await using var bench = await CacheBench.StartAsync(http =>
        {
            if (http.Request.Headers.IfNoneMatch != "\"v1\"")
                return ScriptedOrigin.SayAsync(http, "one", "Cache-Control: max-age=10", "ETag: \"v1\"");
            http.Response.StatusCode = 304;
            http.Response.Headers.CacheControl = "max-age=1000";
            return Task.CompletedTask;
        });
        await bench.GetAsync("/a");
        bench.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("HIT one", await WordsAsync(bench.GetAsync("/a")));
        bench.Time.Advance(TimeSpan.FromSeconds(500));
        Assert.Equal("HIT one", await WordsAsync(bench.GetAsync("/a")));
        Assert.Equal(2, bench.Origin.Asked.Count);
    }

    [Fact]
    public async Task No_cache_is_kept_and_asked_about_each_time()
    {
        await using var bench = await CacheBench.StartAsync(http =>
        {
            if (http.Request.Headers.IfNoneMatch.Count == 0)
                return ScriptedOrigin.SayAsync(http, "one", "Cache-Control: no-cache", "ETag: \"v1\"");
            http.Response.StatusCode = 304;
            return Task.CompletedTask;
        });
        await bench.GetAsync("/a");
        Assert.Equal("one", (await bench.GetAsync("/a")).Body);
        Assert.Equal("\"v1\"", bench.Origin.Asked.Last().Headers["If-None-Match"].ToString());
    }

    [Fact]
    public async Task Each_variant_has_its_own_answer()
    {
        await using var bench = await CacheBench.StartAsync(http =>
            ScriptedOrigin.SayAsync(http, $"in {http.Request.Headers.AcceptLanguage}", Fresh, "Vary: Accept-Language"));
        Assert.Equal("MISS in de", await WordsAsync(bench.GetAsync("/a", "Accept-Language: de")));
        Assert.Equal("MISS in en", await WordsAsync(bench.GetAsync("/a", "Accept-Language: en")));
        Assert.Equal("HIT in de", await WordsAsync(bench.GetAsync("/a", "Accept-Language: de")));
        Assert.Equal("MISS in ", await WordsAsync(bench.GetAsync("/a")));
    }

    [Fact]
    public async Task Another_order_of_parameters_or_another_host_is_another_address()
    {
        await using var bench = await CacheBench.StartAsync(
            http => ScriptedOrigin.SayAsync(http, $"{http.Request.QueryString} {http.Request.Host}", Fresh));
        await bench.GetAsync("/a?x=1&y=2", "Host: one.example");
        Assert.Equal("MISS", (await bench.GetAsync("/a?y=2&x=1", "Host: one.example")).XCache);
        Assert.Equal("MISS ?x=1&y=2 two.example", await WordsAsync(bench.GetAsync("/a?x=1&y=2", "Host: two.example")));
        Assert.Equal("HIT ?x=1&y=2 one.example", await WordsAsync(bench.GetAsync("/a?x=1&y=2", "Host: one.example")));
    }

    [Theory]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Forwarded-Scheme")]
    [InlineData("Forwarded")]
    public async Task A_field_that_is_no_part_of_the_key_never_reaches_the_origin(string name)
    {
        await using var bench = await CacheBench.StartAsync(
            http => ScriptedOrigin.SayAsync(http, $"[{http.Request.Headers[name]}]", Fresh));
        Assert.Equal("MISS []", await WordsAsync(bench.GetAsync("/a", $"{name}: evil.example")));
    }

    [Fact]
    public async Task A_head_and_a_part_come_from_the_whole_that_is_stored()
    {
        await using var bench = await CacheBench.StartAsync(ScriptedOrigin.Says("0123456789", Fresh, "ETag: \"v1\""));
        await bench.GetAsync("/a");
        var head = await bench.SendAsync(HttpMethod.Head, "/a");
        Assert.Equal(("HIT", "", 10L), (head.XCache, head.Body, head.Message.Content.Headers.ContentLength));
        foreach (var (range, status, body, content) in new[]
        {
            ("bytes=2-4", 206, "234", "bytes 2-4/10"), ("bytes=7-", 206, "789", "bytes 7-9/10"), ("bytes=-3", 206, "789", "bytes 7-9/10"),
            ("bytes=5-99", 206, "56789", "bytes 5-9/10"), ("bytes=10-", 416, "", "bytes */10"), ("bytes=0-1,4-5", 200, "0123456789", null),
            ("lines=1-2", 200, "0123456789", null), ("bytes=x", 200, "0123456789", null),
        })
        {
            var part = await bench.GetAsync("/a", $"Range: {range}");
            Assert.Equal((range, status, body, content), (range, part.Status, part.Body, part.Header("Content-Range")));
        }

        Assert.Equal(206, (await bench.GetAsync("/a", "Range: bytes=0-1", "If-Range: \"v1\"")).Status);
        Assert.Equal(200, (await bench.GetAsync("/a", "Range: bytes=0-1", "If-Range: \"v2\"")).Status);
        Assert.Single(bench.Origin.Asked);
    }

    [Fact]
    public async Task A_client_that_has_the_answer_already_gets_304()
    {
        await using var bench = await CacheBench.StartAsync(ScriptedOrigin.Says("one", Fresh, "ETag: W/\"v1\"", "X-Other: x"));
        Assert.Equal(304, (await bench.GetAsync("/a", "If-None-Match: \"v0\", \"v1\"")).Status);
        var known = await bench.GetAsync("/a", "If-None-Match: W/\"v1\"");
        Assert.Equal((304, "HIT", "W/\"v1\"", null), (known.Status, known.XCache, known.Header("ETag"), known.Header("X-Other")));
        Assert.Equal(200, (await bench.GetAsync("/a", "If-None-Match: \"v2\"")).Status);
        Assert.Single(bench.Origin.Asked);
    }

    [Fact]
    public async Task A_change_voids_the_stored_answer_and_a_refused_change_does_not()
    {
        var version = 1;
        await using var bench = await CacheBench.StartAsync(http =>
        {
            if (HttpMethods.IsGet(http.Request.Method))
                return ScriptedOrigin.SayAsync(http, $"v{version}", Fresh);
            http.Response.StatusCode = http.Request.Query.ContainsKey("no") ? 409 : 201;
            http.Response.Headers.Location = "/b";
            return Task.CompletedTask;
        });
        await bench.GetAsync("/a");
        await bench.GetAsync("/b");
        version = 2;
        Assert.Equal(409, (await bench.SendAsync(HttpMethod.Post, "/a?no")).Status);
        Assert.Equal("HIT v1", await WordsAsync(bench.GetAsync("/a")));
        Assert.Equal(201, (await bench.SendAsync(HttpMethod.Post, "/a")).Status);
        Assert.Equal("MISS v2", await WordsAsync(bench.GetAsync("/a")));
        Assert.Equal("MISS v2", await WordsAsync(bench.GetAsync("/b")));
    }

    [Fact]
    public async Task Only_if_cached_is_never_passed_on()
    {
        await using var bench = await CacheBench.StartAsync(ScriptedOrigin.Says("one", Fresh));
        Assert.Equal(504, (await bench.GetAsync("/a", "Cache-Control: only-if-cached")).Status);
        Assert.Empty(bench.Origin.Asked);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_not_kept()
    {
        var isWhole = false;
        await using var bench = await CacheBench.StartAsync(async http =>
        {
            http.Response.Headers.CacheControl = "public, max-age=60";
            http.Response.ContentLength = 10;
            await http.Response.WriteAsync(isWhole ? "0123456789" : "01234", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            if (!isWhole)
                http.Abort();
        });
        Assert.Equal(502, (await bench.GetAsync("/a")).Status);
        isWhole = true;
        Assert.Equal("MISS 0123456789", await WordsAsync(bench.GetAsync("/a")));
    }

    [Fact]
    public async Task What_is_larger_than_the_limit_goes_through_and_is_not_kept()
    {
        var large = new string('x', 100_000);
        await using var bench = await CacheBench.StartAsync(ScriptedOrigin.Says(large, Fresh));
        Assert.Equal("MISS " + large, await WordsAsync(bench.GetAsync("/a")));
        Assert.Equal("MISS " + large, await WordsAsync(bench.GetAsync("/a")));
    }

    private static async Task<string> WordsAsync(Task<CacheAnswer> asked)
    {
        var answer = await asked;
        return $"{answer.XCache} {answer.Body}";
    }
}
