using Samples.Defaults;
using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
var stage = builder.AddStage("filter");
var keep = builder.Configuration.Expression("KEEP");
// The same condition as a routing rule of Dapr: then the sidecar drops the others before they get here.
var bySidecar = builder.Configuration["KEEP_BY"] switch
{
    null or "" or "stage" => false,
    "sidecar" => true,
    var other => throw new WrongSettingException($"KEEP_BY is '{other}'; give stage or sidecar."),
};

var app = builder.Build();
app.MapStage(
    (received, _) => ValueTask.FromResult(keep.Matches(received.Envelope) ? Outcome.To(received.To(stage.Output)) : Outcome.None),
    match: bySidecar ? keep.Text : null);
app.Run();
