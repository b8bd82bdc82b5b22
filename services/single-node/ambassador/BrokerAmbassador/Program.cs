using Dapr.Client;
using Samples.BrokerAmbassador;
using Samples.Defaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var settings = builder.Configuration;
builder.Services.AddSingleton<BackendDirectory>();
builder.Services.AddSingleton(services => new BackendLogin(async (name, cancel) =>
{
    var secret = await services.GetRequiredService<DaprClient>()
        .GetSecretAsync(settings["SECRET_STORE"] ?? "secretstore", name, cancellationToken: cancel);
    return secret.TryGetValue(name, out var value) ? value : throw new IOException($"the secret '{name}' has no value of that name");
}));
builder.Services.AddSingleton(services => new BrokerListener(
    OwnPort.From(settings, "BROKER_PORT", 6510),
    services.GetRequiredService<BackendDirectory>(),
    services.GetRequiredService<BackendLogin>(),
    services.GetRequiredService<ILogger<BrokerListener>>()));
builder.Services.AddHostedService(services => services.GetRequiredService<BrokerListener>());
builder.Services.AddConfigurationWatch(settings["CONFIG_STORE"] ?? "configstore", ["broker.backend"],
    (services, values) => services.GetRequiredService<BackendDirectory>().Configure(values.GetValueOrDefault("broker.backend")));

var app = builder.Build();
app.MapDefaults();
app.MapGet("/broker", (BrokerListener listener, BackendDirectory directory) =>
    TypedResults.Ok(new { port = listener.Port, backend = directory.Current?.Name, open = listener.Open }));
app.Run();
