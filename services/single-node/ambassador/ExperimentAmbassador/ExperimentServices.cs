namespace Samples.ExperimentAmbassador;

/// <summary>The parts of the ambassador, put together.</summary>
public static class ExperimentServices
{
    /// <summary>Adds the arms and what deals clients to them.</summary>
    public static IServiceCollection AddExperiment(this IServiceCollection services, ExperimentOptions options)
    {
        services.AddSingleton(options);
        services.AddHttpForwarder();
        services.AddSingleton<ExperimentArms>();
        services.AddSingleton<ClientIdentity>();
        services.AddSingleton<MirrorQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<MirrorQueue>());
        services.AddSingleton<ExperimentProxy>();
        return services;
    }

    /// <summary>Maps the ambassador's own paths; all others are the application's.</summary>
    public static void MapExperiment(this IEndpointRouteBuilder routes)
    {
        routes.MapEvaluation();
        routes.MapFallback("{**path}", (HttpContext http, ExperimentProxy proxy) => proxy.AnswerAsync(http));
    }
}
