using Samples.Defaults;
using Samples.ShardAmbassador;
using Samples.ShardAmbassador.Clients;
using Samples.ShardAmbassador.Ring;
using Samples.ShardAmbassador.Shards;

EventLoop.RunSocketsOnOneThread();

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = AmbassadorOptions.From(builder.Configuration);
builder.Services.AddShardAmbassador(options);
builder.Services.AddConfigurationWatch(options.ConfigurationStore, ["shards.distribution"], (services, values) =>
{
    // What is wrong is left as it was: a typing error must not send keys elsewhere.
    var distribution = values.GetValueOrDefault("shards.distribution", options.Distribution);
    if (Distributions.Create(distribution, [new ShardServer("x")], _ => true, Random.Shared) is not null)
        services.GetRequiredService<ShardPool>().Distribution = distribution;
});

var app = builder.Build();
app.MapDefaults();
app.MapShards();
app.Run();
