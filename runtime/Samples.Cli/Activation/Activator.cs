using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Cli.Activation;

/// <summary>
/// Scale to zero: holds the port of an application in its place. A request starts the application where it sleeps, waits until it is
/// ready, and is passed on; after a while without requests it is stopped. On Kubernetes this is the activator of Knative or KEDA's HTTP
/// add-on. Events are requests, too: a sidecar delivers them to the same port.
/// </summary>
internal sealed class Activator : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly Sleeper _sleeper;
    private readonly HttpMessageInvoker _behind;
    private readonly CancellationTokenSource _closing = new();
    private Task _resting = Task.CompletedTask;

    private Activator(WebApplication host, Sleeper sleeper, HttpMessageInvoker behind) =>
        (_host, _sleeper, _behind) = (host, sleeper, behind);

    /// <summary>How often it started the application for a request.</summary>
    public int Starts => _sleeper.Starts;

    /// <summary>Takes the place's port.</summary>
    public static async Task<Activator> StartAsync(Place place, IProcess process, Action<string> log, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders();
        builder.Services.AddProblemDetails();
        builder.Services.AddHttpForwarder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, place.Port);
            // Limits are the application's.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.AddServerHeader = false;
        });
        var host = builder.Build();
        var behind = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
        });
        var activator = new Activator(host, new Sleeper(process, place.Idle, TimeProvider.System), behind);
        host.Run(http => activator.PassAsync(http, place));
        await host.StartAsync(cancel);
        activator._resting = activator.RestAsync(place.Idle, log);
        return activator;
    }

    private async Task PassAsync(HttpContext http, Place place)
    {
        IDisposable visit;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(place.Patience);
        try
        {
            visit = await _sleeper.EnterAsync(limit.Token);
        }
        catch (Exception error) when (!http.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(http, place, error);
            return;
        }

        using (visit)
        {
            var forwarder = http.RequestServices.GetRequiredService<IHttpForwarder>();
            // The application says itself how long it may take.
            var untimed = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromHours(1) };
            await forwarder.SendAsync(http, $"http://127.0.0.1:{place.Behind}", _behind, untimed, Unchanged.Instance);
        }
    }

    private static Task RefuseAsync(HttpContext http, Place place, Exception error)
    {
        http.Response.Headers.RetryAfter = "1";
        var why = error is OperationCanceledException ? $"It was not ready within {place.Patience.TotalSeconds:0} s." : error.Message;
        return Results.Problem(
            statusCode: StatusCodes.Status503ServiceUnavailable, type: "not-started", title: $"'{place.Name}' could not be started.",
            detail: $"{why} `samples logs {place.Name}` shows what it said.").ExecuteAsync(http);
    }

    private async Task RestAsync(TimeSpan idle, Action<string> log)
    {
        using var timer = new PeriodicTimer(idle / 4);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                if (await _sleeper.RestAsync())
                    log($"info: sleeps after {idle.TotalSeconds:0.#} s without a request");
            }
        }
        catch (Exception error) when (error is OperationCanceledException or KeyNotFoundException)
        {
            // The replica goes.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _sleeper.Dispose();
        await _resting;
        await _host.DisposeAsync();
        _behind.Dispose();
        _closing.Dispose();
    }

    /// <summary>Where an activator stands.</summary>
    /// <param name="Name">Whose place it is.</param>
    /// <param name="Port">The port that others know.</param>
    /// <param name="Behind">Where the application listens.</param>
    /// <param name="Idle">How long without a request before it is stopped.</param>
    /// <param name="Patience">How long a request waits for the start.</param>
    internal sealed record Place(string Name, int Port, int Behind, TimeSpan Idle, TimeSpan Patience);

    // The request as it came, to the last header: nobody is to notice who stands between.
    private sealed class Unchanged : HttpTransformer
    {
        public static readonly Unchanged Instance = new();
    }
}
