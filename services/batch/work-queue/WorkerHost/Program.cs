using Dapr.Client;
using Samples.Defaults;
using Samples.WorkerHost;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = WorkerOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton(new QueueClient(DaprClient.CreateInvokeHttpClient(options.Queue)));
builder.Services.AddSingleton(new ItemClient(DaprClient.CreateInvokeHttpClient(options.Source)));
builder.Services.AddSingleton<WorkerProgram>();
builder.Services.AddHostedService<Worker>();

var app = builder.Build();
app.MapDefaults();
app.Run();
