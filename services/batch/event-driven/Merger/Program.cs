using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
var stage = builder.AddStage("merger", inputs: 1..int.MaxValue);

var app = builder.Build();
app.MapStage(received => Outcome.To(received.To(stage.Output)));
app.Run();
