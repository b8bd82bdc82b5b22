using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Samples.Defaults;
using Samples.ExperimentAmbassador;

EventLoop.RunSocketsOnOneThread();

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
// An activity and a log scope for each request, which only this category's messages would show, are most of what ASP.NET Core itself costs
// here.
builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
// YARP would write two lines for each request.
builder.Logging.AddFilter("Yarp", LogLevel.Warning);
var options = ExperimentOptions.From(builder.Configuration);
builder.Services.AddExperiment(options);
builder.Services.AddConfigurationWatch(options.ConfigurationStore, ["experiment.weights", "experiment.mode"],
    (services, values) => services.GetRequiredService<ExperimentArms>().Configure(values));

var app = builder.Build();
app.MapExperiment();
app.MapDefaults();
app.Run();
