namespace Samples.ExperimentAmbassador;

/// <summary>The parts of the ambassador, put together.</summary>
public static class ExperimentServices
{
    private static readonly PathString[] Own = ["/ambassador", "/healthz", "/readyz", "/openapi", "/scalar"];

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

    /// <summary>
    /// Maps the ambassador's own paths; all others are the application's, and are passed on before routing looks at them. Call it before
    /// whatever else is mapped.
    /// </summary>
    public static void MapExperiment(this WebApplication app)
    {
        var proxy = app.Services.GetRequiredService<ExperimentProxy>();
        app.Use(next => http => IsOwn(http.Request.Path) ? next(http) : proxy.AnswerAsync(http));
        app.UseRouting();
        app.MapEvaluation();
    }

    private static bool IsOwn(PathString path) => Own.Any(own => path.StartsWithSegments(own));
}
