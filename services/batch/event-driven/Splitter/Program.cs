using Samples.Splitter;
using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
var stage = builder.AddStage("splitter", outputs: 2..int.MaxValue);
var routes = TopicRoute.ReadAll(builder.Configuration, stage.Outputs);

var app = builder.Build();
app.MapStage(received => routes.FirstOrDefault(r => r.When.Matches(received.Envelope)) is { } route
    ? Outcome.To(received.To(route.Topic))
    : Outcome.Dead("No route of the splitter is for it."));
app.Run();
