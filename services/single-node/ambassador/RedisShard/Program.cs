using Samples.Defaults;
using Samples.RedisShard;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
using var server = GarnetShard.Start(OwnPort.From(builder.Configuration, "RESP_PORT", 6501), builder.Configuration["SHARD_PASSWORD"]);

var app = builder.Build();
app.MapDefaults();

// An ambassador that finds its servers through Dapr asks here. With Redis itself, addresses stand in the ambassador's settings.
app.MapGet("/address", () => TypedResults.Ok(new { host = "127.0.0.1", port = server.Port }));

app.Run();
