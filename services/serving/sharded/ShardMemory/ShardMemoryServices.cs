using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Samples.Defaults;

namespace Samples.ShardMemory;

/// <summary>What keeps memory current, in one call.</summary>
public static class ShardMemoryServices
{
    /// <summary>Adds the source and the feed of its changes. Configuration <c>cache-shard.leases</c>: <c>on</c> or <c>off</c>.</summary>
    public static ShardOptions AddShardMemory(this WebApplicationBuilder builder)
    {
        const string leases = "cache-shard.leases";
        var options = ShardOptions.From(builder.Configuration);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<Callees>();
        builder.Services.AddSingleton<ISource, Source>();
        builder.Services.AddSingleton<ChangeFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ChangeFeed>());
        builder.Services.AddConfigurationWatch(options.ConfigurationStore, [leases], (services, values) =>
            services.GetRequiredService<ChangeFeed>().IsKept = values.GetValueOrDefault(leases) != "off");
        return options;
    }
}
