using Samples.Defaults;
using Samples.ExperimentAmbassador;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = ExperimentOptions.From(builder.Configuration);
builder.Services.AddExperiment(options);
builder.Services.AddConfigurationWatch(options.ConfigurationStore, ["experiment.weights", "experiment.mode"],
    (services, values) => services.GetRequiredService<ExperimentArms>().Configure(values));

var app = builder.Build();
app.MapDefaults();
app.MapExperiment();
app.Run();
