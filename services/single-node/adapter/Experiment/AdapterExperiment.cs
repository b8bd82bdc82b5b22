using StackExchange.Redis;

namespace Samples.Experiments.Adapter;

/// <summary>
/// Three adapters before four applications: their numbers, their logs and their health, while one hangs, one dies and one is locked;
/// then a storm.
/// </summary>
public sealed class AdapterExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "adapter";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["seed", "lines", "storm"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        using var applications = new Applications(context);
        var port = await applications.PortOfAsync("legacy-redis", cancellationToken);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(
            $"127.0.0.1:{port},allowAdmin=true,connectTimeout=20000,asyncTimeout=20000");
        using var logs = new LogPhase(context, applications, redis);
        using var health = new HealthPhase(context, redis);
        using var metrics = new MetricsPhase(context, applications, redis);
        using var storm = new StormPhase(context, applications);
        return
        [
            .. await metrics.RunAsync(cancellationToken),
            .. await logs.RunAsync(cancellationToken),
            .. await health.RunAsync(cancellationToken),
            // The last: afterwards Redis is elsewhere.
            .. await storm.RunAsync(cancellationToken),
        ];
    }
}
