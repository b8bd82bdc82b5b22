using Samples.Defaults;
using Samples.FrontDoor;
using Samples.FrontDoor.Clients;
using Samples.FrontDoor.Tls;
using Samples.LoadBalancing;

EventLoop.RunSocketsOnOneThread();

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = FrontDoorOptions.From(builder.Configuration);
builder.ListenWithTls(options);
builder.AddLoadBalancing();
builder.Services.AddLimits(options);

var app = builder.Build();
app.UseClientAddresses();
app.UseLimits(options);
app.MapDefaults();
app.MapLoadBalancing();
app.Run();
