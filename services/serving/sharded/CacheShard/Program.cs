using Samples.CacheShard;
using Samples.Defaults;
using Samples.ShardMemory;

EventLoop.RunSocketsOnOneThread();
var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
// Keys are addresses, and stand escaped in one.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestLineSize = 64 * 1024);
var options = builder.AddShardMemory();
builder.Services.AddSingleton(new AnswerMemory(options.Bytes));
builder.Services.AddSingleton<ReadThrough>();

var app = builder.Build();
app.MapDefaults();
app.MapShard();
app.Run();
