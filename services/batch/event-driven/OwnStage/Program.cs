using Samples.OwnStage;
using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
var stage = builder.AddStage("own-stage");
var options = ProgramOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddHostedService<OwnProgram>();
using var program = new ProgramClient(options);

var app = builder.Build();
app.MapStage((received, cancel) => program.AskAsync(received, stage.Output, cancel));
app.Run();
