using Samples.ConfigSidecar;
using Samples.Defaults;
using Samples.Pod;

if (ConfigOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = ConfigOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton(AppProcess.From(builder.Configuration));
builder.Services.AddSingleton<ConfigTrial>();
builder.Services.AddSingleton<ConfigDelivery>();
builder.Services.AddHostedService(services => services.GetRequiredService<ConfigDelivery>());

// The keys are those that the template asks for.
builder.Services.AddConfigurationWatch(options.Store, [.. options.Template.Names],
    (services, values) => services.GetRequiredService<ConfigDelivery>().Offer(values));

var app = builder.Build();
app.MapDefaults();
app.MapGet("/configuration", (ConfigDelivery delivery) => TypedResults.Ok(delivery.State))
    .WithSummary("The version that the application has, and what became of the last one that was stored.");
app.Run();
