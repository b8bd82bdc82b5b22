using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
var stage = builder.AddStage("copier", outputs: 2..int.MaxValue);

var app = builder.Build();
// Each copy is an event of its own: whoever is slow to take one holds up nobody who takes another.
app.MapStage(order => Outcome.To([.. stage.Outputs.Select((topic, at) => order.Copy(topic, at + 1))]));
app.Run();
