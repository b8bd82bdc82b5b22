using Dapr;
using Samples.Defaults;
using Samples.LogStore;

if (StoreOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = StoreOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<CountBook>();
builder.Services.AddSingleton<EventQueue>();
builder.Services.AddHostedService(services => services.GetRequiredService<EventQueue>());

var app = builder.Build();
app.UseCloudEvents();
app.MapDefaults();
app.MapSubscribeHandler();
app.MapLogs(options);
app.Run();
