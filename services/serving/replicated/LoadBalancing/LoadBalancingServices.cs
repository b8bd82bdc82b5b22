using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Samples.Defaults;
using Samples.LoadBalancing.Balancing;
using Samples.LoadBalancing.Replicas;

namespace Samples.LoadBalancing;

/// <summary>A load balancer in three calls: add it, find out who asks, map it.</summary>
public static class LoadBalancingServices
{
    /// <summary>Adds who is there, who gets the next request, and what happens when that one fails.</summary>
    public static WebApplicationBuilder AddLoadBalancing(this WebApplicationBuilder builder)
    {
        // YARP brings keys for cookies that nobody here encrypts, and writes two lines for each request that is tried again.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error)
            .AddFilter("Yarp.ReverseProxy.Health.ActiveHealthCheckMonitor", LogLevel.Error);
        // An activity and a log scope for each request are most of what ASP.NET Core itself costs here.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // What comes in is handled on the thread that waits for it: nothing here blocks.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        var options = BalancerOptions.From(builder.Configuration);
        builder.Services.AddSingleton(options);
        builder.Services.AddReplicas(options).AddBalancing();
        builder.Services.AddConfigurationWatch(options.ConfigurationStore, LiveSettings.KeysOf(options.Name),
            (services, values) => services.GetRequiredService<LiveSettings>().Take(values));
        builder.Services.Configure<ForwardedHeadersOptions>(forwarded => Believe(forwarded, options));
        return builder;
    }

    /// <summary>
    /// Finds the client's address behind proxies. From the right, the first address that is no trusted proxy's is the client's; what it
    /// invented stands further left. Call it before anything else is mapped.
    /// </summary>
    public static void UseClientAddresses(this WebApplication app) => app.UseForwardedHeaders();

    /// <summary>Maps announcements, and sends all other paths to replicas. Call it last.</summary>
    public static void MapLoadBalancing(this WebApplication app)
    {
        app.MapReplicas();
        app.MapBalancing();
    }

    private static void Believe(ForwardedHeadersOptions forwarded, BalancerOptions options)
    {
        forwarded.ForwardedHeaders = options.TrustedProxies.Count > 0
            ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto
            : ForwardedHeaders.None;
        forwarded.ForwardLimit = null;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies)
            forwarded.KnownIPNetworks.Add(network);
    }
}
