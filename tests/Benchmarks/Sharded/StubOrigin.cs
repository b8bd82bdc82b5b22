using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Samples.Benchmarks.Sharded;

/// <summary>A source that has an answer to everything and never changes.</summary>
internal sealed class StubOrigin : IAsyncDisposable
{
    /// <summary>Of each answer, in bytes.</summary>
    public const int Size = 1000;

    private readonly WebApplication _app;

    private StubOrigin(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>The same for the same key.</summary>
    public static byte[] BodyOf(string key)
    {
        var body = new byte[Size];
        Array.Fill(body, (byte)key[^1]);
        return body;
    }

    public static async Task<StubOrigin> StartAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/changes", async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancel);
            return Results.Json(new { life = "stub", sequence = 0, reset = false, leaseMs = 60_000, changes = Array.Empty<object>() });
        });
        app.MapGet("/{**path}", (HttpContext http) =>
        {
            http.Response.Headers["X-As-Of"] = "stub.0";
            return Results.Bytes(BodyOf(http.Request.QueryString.Value ?? "?"), "application/octet-stream");
        });
        await app.StartAsync(cancel);
        return new StubOrigin(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
