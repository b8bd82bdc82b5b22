using Dapr.Client;
using Samples.Defaults;
using Samples.MetricsAdapter;

if (MetricsOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = MetricsOptions.From(builder.Configuration);
builder.Services.AddSingleton(services => new Scrape(
    [.. options.Sources.Select(s => SourceKinds.Create(s, options, services.GetRequiredService<DaprClient>()))],
    options.MostSamples, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<Scrape>>()));

var app = builder.Build();
app.MapDefaults();
app.MapMetrics(options.Timeout);
app.Run();
