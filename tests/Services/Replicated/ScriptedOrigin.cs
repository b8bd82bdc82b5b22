using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Samples.Services.Replicated;

/// <summary>A real web server that answers as a test says, and remembers what it was asked.</summary>
internal sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedOrigin(WebApplication app) => _app = app;

    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Requests but probes, in the order in which they came.</summary>
    public ConcurrentQueue<(string Method, string Target, HeaderDictionary Headers)> Asked { get; } = [];

    /// <summary>What a probe gets.</summary>
    public int Ready { get; set; } = StatusCodes.Status200OK;

    public string Address => _app.Urls.First();

    public static async Task<ScriptedOrigin> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var origin = new ScriptedOrigin(app) { Answer = answer };
        app.UseWebSockets();
        app.Run(http =>
        {
            if (http.Request.Path == "/readyz")
            {
                http.Response.StatusCode = origin.Ready;
                return Task.CompletedTask;
            }

            var headers = new HeaderDictionary(http.Request.Headers.ToDictionary());
            origin.Asked.Enqueue((http.Request.Method, http.Request.Path + http.Request.QueryString, headers));
            return origin.Answer(http);
        });
        await app.StartAsync(Machine.Cancel);
        return origin;
    }

    /// <summary>An answer with these headers, given as <c>Name: value</c>.</summary>
    public static Func<HttpContext, Task> Says(string body, params string[] headers) => http => SayAsync(http, body, headers);

    public static Task SayAsync(HttpContext http, string body, params string[] headers)
    {
        foreach (var header in headers)
            http.Response.Headers.Append(header.Split(": ", 2)[0], header.Split(": ", 2)[1]);
        return http.Response.WriteAsync(body, http.RequestAborted);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
