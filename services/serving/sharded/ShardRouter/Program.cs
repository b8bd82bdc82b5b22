using Samples.Defaults;
using Samples.ShardMemory;
using Samples.ShardRouter;
using Samples.ShardRouter.Keys;
using Samples.ShardRouter.Ring;
using Samples.ShardRouter.Routing;

EventLoop.RunSocketsOnOneThread();
var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = RouterOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);

// What the key is, and which keys are hot.
builder.Services.AddSingleton(new RequestKey(options.KeyParameters));
builder.Services.AddSingleton<HotKeys>();

// Who has a key now, and had it before; membership changes while all runs.
builder.Services.AddSingleton<ShardMap>();
builder.Services.AddConfigurationWatch(options.ConfigurationStore, RingSettings.KeysOf(options.Name),
    (services, values) => services.GetRequiredService<ShardMap>().Take(values));

// The way there, and past it where nobody of a shard answers.
builder.Services.AddSingleton<Callees>();
builder.Services.AddSingleton<ShardedReads>();
builder.Services.AddSingleton<OriginPassage>();

var app = builder.Build();
app.MapDefaults();
app.MapRing();
app.MapRouting();
app.Run();
