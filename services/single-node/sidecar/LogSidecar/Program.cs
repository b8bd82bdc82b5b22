using Microsoft.Extensions.Logging.Console;
using Samples.Defaults;
using Samples.LogSidecar;

if (LogOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
// Lines go to where OTEL_EXPORTER_OTLP_ENDPOINT says, as log records; the sidecar's own console is for what it has to say itself.
builder.Logging.AddFilter<ConsoleLoggerProvider>(LineExport.Category, LogLevel.None);
builder.Services.AddSingleton(LogOptions.From(builder.Configuration));
builder.Services.AddSingleton<LineExport>();
builder.Services.AddSingleton<ILinePublisher, DaprPublisher>();
builder.Services.AddSingleton<ICheckpoints, DaprCheckpoints>();
builder.Services.AddSingleton<FollowCounts>();
builder.Services.AddSingleton<LogFollower>();
builder.Services.AddHostedService<FollowLoop>();

var app = builder.Build();
app.MapDefaults();
app.MapGet("/follow", (FollowCounts counts) => TypedResults.Ok(counts))
    .WithSummary("What was read and published so far, and what was odd about it.");
app.Run();
