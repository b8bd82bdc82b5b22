using Samples.Announcing;
using Samples.Cache;
using Samples.Defaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = CacheOptions.From(builder.Configuration);
builder.Services.AddCache(options);
builder.Services.AddAnnouncer(builder.Configuration);
builder.Services.AddConfigurationWatch(options.ConfigurationStore, Collapsing.KeysOf(options.Name),
    (services, values) => services.GetRequiredService<Collapsing>().Take(values));

var app = builder.Build();
app.MapDefaults();
app.MapCache();
app.Run();
