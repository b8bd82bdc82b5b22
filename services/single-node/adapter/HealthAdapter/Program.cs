using Dapr.Client;
using Samples.Defaults;
using Samples.HealthAdapter;

if (HealthOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = HealthOptions.From(builder.Configuration);
builder.Services.AddSingleton<IReadOnlyList<Check>>(services => [.. options.Checks.Select(c => new Check(
    c.Name,
    ProbeKinds.Create(c, options, services.GetRequiredService<DaprClient>(), TimeProvider.System),
    options.Limits,
    services.GetRequiredService<TimeProvider>()))]);
builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<CheckLoop>(services, options.Limits.Period));

var app = builder.Build();
app.MapDefaults();
app.MapHealth(app.Services.GetRequiredService<IReadOnlyList<Check>>());
app.Run();
