using Samples.Defaults;
using Samples.ExperimentAmbassador;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = ExperimentOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddHttpForwarder();
builder.Services.AddSingleton<ExperimentArms>();
builder.Services.AddSingleton<ClientIdentity>();
builder.Services.AddSingleton<MirrorQueue>();
builder.Services.AddHostedService(services => services.GetRequiredService<MirrorQueue>());
builder.Services.AddSingleton<ExperimentProxy>();
builder.Services.AddConfigurationWatch(options.ConfigurationStore, ["experiment.weights", "experiment.mode"],
    (services, values) => services.GetRequiredService<ExperimentArms>().Configure(values));

var app = builder.Build();
app.MapDefaults();
app.MapEvaluation();
app.MapFallback("{**path}", (HttpContext http, ExperimentProxy proxy) => proxy.AnswerAsync(http));
app.Run();
