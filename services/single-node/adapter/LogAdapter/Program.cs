using Samples.Defaults;
using Samples.LogAdapter;

if (LogOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddLogAdapter(LogOptions.From(builder.Configuration));

var app = builder.Build();
app.MapDefaults();
app.MapRecords();
app.Run();
