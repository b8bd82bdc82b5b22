using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Samples.Defaults;

namespace Samples.Announcing;

/// <summary>
/// Tells a load balancer where this replica listens, by Dapr service invocation: as soon as it is ready, again every second (a balancer
/// that was restarted knows nothing), and no longer once it drains. Where names lead to replicas by themselves (Kubernetes, Compose) nobody
/// needs to announce.
/// </summary>
/// <remarks>Settings: <c>ANNOUNCE_TO</c>, the balancer's app id; empty for none. <c>SAMPLES_REPLICA</c>, this replica's name.</remarks>
public sealed class Announcer(IServer server, Readiness readiness, AnnouncerOptions options, TimeProvider time, ILogger<Announcer> log)
    : IHostedLifecycleService, IDisposable
{
    /// <summary>How often a ready replica is announced.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a balancer may be absent before somebody is told: all start at the same time, and one of them is the last.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50), Patience = TimeSpan.FromSeconds(2);

    private readonly HttpClient _balancer = InvocationClient.Create(options.Balancer);
    private readonly CancellationTokenSource _draining = new();
    private Task _announcing = Task.CompletedTask;
    private long? _unknownSince;
    private bool _isTold;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Nobody is told of a port before somebody listens there.
        _announcing = AnnounceAsync(_draining.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _draining.CancelAsync();
        await _announcing;
        // A farewell, not only silence: traffic moves before this replica stops to listen.
        await TryAsync(cancel => _balancer.DeleteAsync(Path, cancel), cancellationToken);
    }

    private string Path => $"/replicas/{Uri.EscapeDataString(options.Replica)}";

    private async Task AnnounceAsync(CancellationToken draining)
    {
        while (readiness.WhyNot is not null && !draining.IsCancellationRequested)
            await Task.Delay(Look, time, draining).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!draining.IsCancellationRequested)
        {
            await TryAsync(cancel => _balancer.PutAsJsonAsync(Path, new { address = Address() }, cancel), draining);
            await Task.Delay(Period, time, draining).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string Address()
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses;
        var address = new Uri(addresses.First(a => a.StartsWith("http://", StringComparison.Ordinal)));
        return new UriBuilder(Uri.UriSchemeHttp, options.Host ?? address.Host, address.Port).Uri.ToString();
    }

    private async Task TryAsync(Func<CancellationToken, Task<HttpResponseMessage>> send, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            using var answer = await send(limit.Token);
            Note(answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}");
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            if (!cancel.IsCancellationRequested)
                Note(error is HttpRequestException ? error.Message : $"no answer within {Patience.TotalSeconds} s");
        }
    }

    // Once for each time that it begins and ends: an absent balancer is no news every second.
    private void Note(string? problem)
    {
        if (problem is null)
        {
            if (_isTold)
                log.LogInformation("'{Balancer}' knows of this replica", options.Balancer);
            (_unknownSince, _isTold) = (null, false);
            return;
        }

        _unknownSince ??= time.GetTimestamp();
        if (_isTold || time.GetElapsedTime(_unknownSince.Value) < Grace)
            return;
        log.LogWarning("'{Balancer}' does not know of this replica; trying on: {Problem}", options.Balancer, problem);
        _isTold = true;
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _draining.Dispose();
        _balancer.Dispose();
    }
}

/// <summary>Whom to tell what.</summary>
/// <param name="Balancer">The balancer's app id.</param>
/// <param name="Replica">This replica's name, the same after a restart.</param>
/// <param name="Host">The host under which others reach this replica; null for the one it listens on.</param>
public sealed record AnnouncerOptions(string Balancer, string Replica, string? Host);

/// <summary>Adds an <see cref="Announcer"/>.</summary>
public static class AnnouncerServices
{
    /// <summary>Adds it where <c>ANNOUNCE_TO</c> names a balancer.</summary>
    public static IServiceCollection AddAnnouncer(this IServiceCollection services, IConfiguration configuration)
    {
        if (configuration["ANNOUNCE_TO"] is not { Length: > 0 } balancer)
            return services;
        services.AddSingleton(new AnnouncerOptions(balancer, ReplicaName.Of(configuration), configuration["ANNOUNCE_HOST"]));
        return services.AddHostedService<Announcer>();
    }
}

/// <summary>How a replica is called.</summary>
public static class ReplicaName
{
    /// <summary><c>SAMPLES_REPLICA</c>, or the machine's name (the pod's on Kubernetes) with the port.</summary>
    public static string Of(IConfiguration configuration) =>
        configuration["SAMPLES_REPLICA"] is { Length: > 0 } name ? name : $"{Dns.GetHostName()}-{configuration["APP_PORT"]}";
}
