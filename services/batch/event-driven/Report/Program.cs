using Samples.Report;
using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
builder.AddStage("report", inputs: 1..int.MaxValue, outputs: 0..0);
builder.Services.AddSingleton<RunBook>();
builder.Services.AddSingleton(ReportOptions.From(builder.Configuration));
builder.Services.AddHostedService<ReportWriter>();

var app = builder.Build();
// Nothing goes out as an event: what comes of them is in the book, and from there in a file a run.
app.MapStage((_, _) => ValueTask.FromResult(Outcome.None), app.Services.GetRequiredService<RunBook>());
app.MapRuns();
app.Run();
