using Samples.Defaults;
using Samples.ShardActor;
using Samples.ShardMemory;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.AddShardMemory();
builder.Services.AddSingleton(KeyRanges.From(builder.Configuration));
builder.Services.AddSingleton<LivingRanges>();
builder.Services.AddActors(actors => actors.Actors.RegisterActor<RangeActor>());

var app = builder.Build();
app.MapDefaults();
app.MapActorsHandlers();
app.MapRanges();
app.Run();
