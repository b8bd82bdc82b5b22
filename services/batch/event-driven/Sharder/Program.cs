using Samples.Hashing;
using Samples.Routing;
using Samples.Stages;

// So many points that shares differ by less than a percent.
const int Points = 16_384;

var builder = WebApplication.CreateBuilder(args);
var stage = builder.AddStage("sharder", outputs: 2..int.MaxValue);
var key = builder.Configuration.Expression("KEY");
var withoutKey = builder.Configuration["WITHOUT_KEY"] is { Length: > 0 } topic ? topic : null;
var ring = new HashRing(stage.Outputs, Points);

var app = builder.Build();
app.MapStage(received => KeyOf(received) is { } found
    ? Outcome.To(received.To(ring.Owner(found)))
    : withoutKey is not null ? Outcome.To(received.To(withoutKey)) : Outcome.Dead($"It has no key: {key.Text}."));
app.MapGet("/shards/{key}", (string key) => new { key, topic = ring.Owner(key) }).WithSummary("The topic of a key.");
app.MapPost("/shards", (string[] keys) => keys.CountBy(ring.Owner).OrderBy(s => s.Key, StringComparer.Ordinal).ToDictionary())
    .WithSummary("How many of these keys each topic would get.");
app.Run();

string? KeyOf(StageEvent received)
{
    try
    {
        return key.TextOf(received.Envelope);
    }
    catch (RoutingException)
    {
        return null;
    }
}
