using Dapr;
using Dapr.Client;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Samples.Defaults;

/// <summary>
/// Follows keys of a Dapr configuration store. Any sign of change, and every few seconds without one, makes it read all keys again: what
/// the service has is always one consistent reading, and nothing is missed while a sidecar restarts.
/// </summary>
public sealed class ConfigurationWatch(
    DaprClient dapr,
    string store,
    string[] keys,
    Action<IReadOnlyDictionary<string, string>> changed,
    TimeProvider time,
    ILogger<ConfigurationWatch> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _reading = new(1);
    private Dictionary<string, string>? _known;

    private static bool IsOfTheSidecar(Exception error) => error is DaprException or RpcException or HttpRequestException;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var isTold = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(stoppingToken);
                isTold = false;
                await FollowAsync(stoppingToken);
            }
            catch (Exception error) when (IsOfTheSidecar(error) && !stoppingToken.IsCancellationRequested)
            {
                var problem = error.GetBaseException().Message;
                if (!isTold)
                    log.LogWarning("configuration '{Store}' cannot be read now; what was known stays: {Problem}", store, problem);
                isTold = true;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var subscription = await dapr.SubscribeConfiguration(store, keys, cancellationToken: end.Token);
        var rereading = RereadAsync(end.Token);
        try
        {
            await foreach (var _ in subscription.Source.WithCancellation(end.Token))
                await ReadAsync(end.Token);
        }
        finally
        {
            await end.CancelAsync();
            await rereading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RereadAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Between, time);
        while (await timer.WaitForNextTickAsync(cancel))
            await ReadAsync(cancel);
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        await _reading.WaitAsync(cancel);
        try
        {
            var answer = await dapr.GetConfiguration(store, keys, cancellationToken: cancel);
            var values = answer.Items.ToDictionary(i => i.Key, i => i.Value.Value);
            if (_known is not null && _known.Count == values.Count && _known.All(k => values.GetValueOrDefault(k.Key) == k.Value))
                return;
            _known = values;
            changed(values);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _reading.Dispose();
    }
}

/// <summary>Adds a <see cref="ConfigurationWatch"/>.</summary>
public static class ConfigurationWatchServices
{
    /// <summary>Calls <paramref name="changed"/> with all values that exist, at start and whenever one of the keys changes.</summary>
    public static IServiceCollection AddConfigurationWatch(
        this IServiceCollection services,
        string store,
        string[] keys,
        Action<IServiceProvider, IReadOnlyDictionary<string, string>> changed) =>
        services.AddHostedService(provider => new ConfigurationWatch(
            provider.GetRequiredService<DaprClient>(), store, keys, values => changed(provider, values),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ConfigurationWatch>>()));
}
