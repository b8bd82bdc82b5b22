using Samples.Defaults;
using Samples.WorkerHost;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = WorkerOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton(new QueueClient(InvocationClient.Create(options.Queue)));
builder.Services.AddSingleton(new ItemClient(InvocationClient.Create(options.Source)));
builder.Services.AddSingleton<WorkerProgram>();
builder.Services.AddHostedService<Worker>();

var app = builder.Build();
app.MapDefaults();
app.Run();
