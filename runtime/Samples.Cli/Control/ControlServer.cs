using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Control;

/// <summary>
/// The control interface: who may kill replicas holds the token of this run. On loopback only, and every request needs the token, so that
/// a page in a browser cannot reach it.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    // Some clients give up after half a minute, and a person before.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly WebApplication _host;

    private ControlServer(WebApplication host, string token) => (_host, Token) = (host, token);

    public string Token { get; }

    public Uri Address => new(_host.Urls.First());

    /// <summary>
    /// Serves <paramref name="faults"/>; <paramref name="waitsFor"/> says what is in the way of a wish that is not done in time.
    /// </summary>
    public static async Task<ControlServer> StartAsync(
        IFaults faults, Func<string> waitsFor, CancellationToken cancel, TimeSpan? limit = null)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        // Production whatever the shell says: a development page would show a stack trace.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders();
        builder.Services.AddProblemDetails();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var host = builder.Build();
        host.UseExceptionHandler();
        host.UseStatusCodePages();
        host.Use((http, next) => Authorize(http, next, Encoding.UTF8.GetBytes($"Bearer {token}")));
        Map(host, faults, act => TranslateAsync(act, waitsFor, limit ?? Limit));
        await host.StartAsync(cancel);
        return new ControlServer(host, token);
    }

    private static Task Authorize(HttpContext http, RequestDelegate next, byte[] expected)
    {
        var given = Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString());
        if (CryptographicOperations.FixedTimeEquals(given, expected))
            return next(http);
        return Results.Problem(statusCode: 401, title: "The token of this run is missing or wrong.",
            detail: "Send 'Authorization: Bearer TOKEN'; services of the run find it in SAMPLES_CONTROL_TOKEN.").ExecuteAsync(http);
    }

    private static void Map(WebApplication host, IFaults faults, Func<Func<Task<IResult>>, Task<IResult>> answer)
    {
        host.MapGet("/replicas", async (CancellationToken cancel) => Results.Ok(await faults.ListAsync(cancel)));
        host.MapPost("/replicas/{name}/{action}", (string name, string action, CancellationToken cancel) => answer(async () =>
        {
            Task? done = action switch
            {
                "kill" => faults.KillAsync(name, cancel),
                "freeze" => faults.FreezeAsync(name, cancel),
                "resume" => faults.ResumeAsync(name, cancel),
                "start" => faults.StartAsync(name, cancel),
                "terminate" => faults.TerminateAsync(name, cancel),
                "restart-sidecar" => faults.RestartSidecarAsync(name, cancel),
                _ => null,
            };
            if (done is null)
            {
                return Results.Problem(statusCode: 404, title: $"There is no action '{action}'.",
                    detail: "Actions: kill, freeze, resume, start, terminate, restart-sidecar.");
            }

            await done;
            return Results.NoContent();
        }));
        host.MapPut("/apps/{appId}/replicas", (string appId, Scale scale, CancellationToken cancel) => answer(async () =>
            scale.Count is { } count
                ? Results.Ok(new Scale(await faults.ScaleAsync(appId, count, cancel)))
                : Results.Problem(statusCode: 400, title: "The number of replicas is missing.", detail: "Send {\"count\": NUMBER}.")));
    }

    private static async Task<IResult> TranslateAsync(Func<Task<IResult>> act, Func<string> waitsFor, TimeSpan limit)
    {
        try
        {
            return await act().WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            return Results.Problem(statusCode: 504, title: $"It was not done within {limit.TotalSeconds:0} s, and goes on.",
                detail: $"It waits for {waitsFor()}.");
        }
        catch (KeyNotFoundException error)
        {
            return Results.Problem(statusCode: 404, title: error.Message);
        }
        catch (ArgumentOutOfRangeException)
        {
            return Results.Problem(statusCode: 422, title: "That number of replicas is not possible.",
                detail: "Between 0 and 32 replicas fit one machine.");
        }
        catch (ResourceException error)
        {
            return Results.Problem(statusCode: 409, title: "It could not be started.", detail: error.Message);
        }
        catch (Exception error) when (error is IOException or System.ComponentModel.Win32Exception)
        {
            return Results.Problem(statusCode: 500, title: "It could not be done.", detail: error.Message);
        }
    }

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    private sealed record Scale(int? Count);
}
