using Samples.Defaults;
using Samples.FrontDoor;
using Samples.FrontDoor.Balancing;
using Samples.FrontDoor.Clients;
using Samples.FrontDoor.Replicas;
using Samples.FrontDoor.Tls;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
// YARP brings keys for cookies that nobody here encrypts.
builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
var options = FrontDoorOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.ListenWithTls(options);

// The pattern: who is there, who gets the next request, and what happens when that one fails.
builder.Services.AddReplicas(options).AddBalancing();
builder.Services.AddClients(options);
builder.Services.AddConfigurationWatch(options.ConfigurationStore, LiveSettings.KeysOf(options.Name),
    (services, values) => services.GetRequiredService<LiveSettings>().Take(values));

var app = builder.Build();
app.UseClients();
app.MapDefaults();
app.MapReplicas();
app.MapBalancing();
app.Run();
