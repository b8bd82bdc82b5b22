using Samples.Defaults;
using Samples.LoadBalancing;

EventLoop.RunSocketsOnOneThread();

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.AddLoadBalancing();

var app = builder.Build();
app.UseClientAddresses();
app.MapDefaults();
app.MapLoadBalancing();
app.Run();
