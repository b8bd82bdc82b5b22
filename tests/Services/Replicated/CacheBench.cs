using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Samples.Cache;

namespace Samples.Services.Replicated;

/// <summary>What a client of the cache got.</summary>
internal sealed record CacheAnswer(int Status, string Body, string? XCache, HttpResponseMessage Message)
{
    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out var values) || Message.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : null;
}

/// <summary>The cache before a scripted origin, both real servers, on a clock that the test moves.</summary>
internal sealed class CacheBench : IAsyncDisposable
{
    private readonly WebApplication _cache;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false });

    private CacheBench(ScriptedOrigin origin, WebApplication cache, FakeTimeProvider time)
    {
        Origin = origin;
        _cache = cache;
        Time = time;
    }

    public ScriptedOrigin Origin { get; }

    public FakeTimeProvider Time { get; }

    public string Address => _cache.Urls.First();

    public static async Task<CacheBench> StartAsync(Func<HttpContext, Task> answer, long bytes = 1 << 20, int largest = 64 * 1024)
    {
        var time = new FakeTimeProvider();
        var origin = await ScriptedOrigin.StartAsync(http =>
        {
            http.Response.Headers.Date = time.GetUtcNow().ToString("r");
            return answer(http);
        });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddProblemDetails();
        builder.Services.AddCache(new CacheOptions
        {
            Name = "cache",
            Replica = "cache-1",
            Origin = origin.Address,
            Bytes = bytes,
            LargestObject = largest,
            Silence = TimeSpan.FromSeconds(10),
            ConfigurationStore = "configstore",
        });
        var app = builder.Build();
        app.MapCache();
        await app.StartAsync(Machine.Cancel);
        return new CacheBench(origin, app, time);
    }

    public Task<CacheAnswer> GetAsync(string target, params string[] headers) => SendAsync(HttpMethod.Get, target, headers);

    /// <summary>A client that may leave before it has its answer.</summary>
    public Task<CacheAnswer> LeaveAsync(string target, CancellationToken cancel) => SendWithAsync(HttpMethod.Get, target, [], cancel);

    public Task<CacheAnswer> SendAsync(HttpMethod method, string target, params string[] headers) =>
        SendWithAsync(method, target, headers, Machine.Cancel);

    private async Task<CacheAnswer> SendWithAsync(HttpMethod method, string target, string[] headers, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, Address + target);
        foreach (var header in headers)
            request.Headers.TryAddWithoutValidation(header.Split(": ", 2)[0], header.Split(": ", 2)[1]);
        var answer = await _client.SendAsync(request, cancel);
        var body = await answer.Content.ReadAsStringAsync(cancel);
        return new CacheAnswer(
            (int)answer.StatusCode, body, answer.Headers.TryGetValues("X-Cache", out var values) ? values.First() : null, answer);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _cache.DisposeAsync();
        await Origin.DisposeAsync();
    }
}
