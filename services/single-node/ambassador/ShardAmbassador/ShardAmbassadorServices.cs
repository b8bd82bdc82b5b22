using Samples.ShardAmbassador.Clients;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador;

/// <summary>The parts of the ambassador, put together.</summary>
internal static class ShardAmbassadorServices
{
    /// <summary>Adds the servers, the router and the listener.</summary>
    public static IServiceCollection AddShardAmbassador(this IServiceCollection services, AmbassadorOptions options)
    {
        services.AddSingleton(provider => new ShardPool(
            [.. options.Shards.Select(s => (s.Server, ShardAddresses.Of(s)))], options.Distribution, options.HashTag, options.Servers,
            provider.GetRequiredService<TimeProvider>(), Random.Shared, provider.GetRequiredService<ILogger<ShardPool>>()));
        services.AddSingleton<OwnAnswers>();
        services.AddSingleton<CommandRouter>();
        services.AddSingleton(provider => new RespListener(
            options.Port,
            options.MostClients,
            options.Servers.Limits,
            provider.GetRequiredService<ShardPool>(),
            provider.GetRequiredService<CommandRouter>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService(provider => provider.GetRequiredService<RespListener>());
        return services;
    }
}
