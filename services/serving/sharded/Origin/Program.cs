using Samples.Defaults;
using Samples.Origin;
using Samples.ShardMemory;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(OriginOptions.From(builder.Configuration));
builder.Services.AddSingleton<Cost>();
builder.Services.AddSingleton<Library>();
builder.Services.AddSingleton<EditStore>();
builder.Services.AddSingleton(services =>
    new ChangeLog(services.GetRequiredService<OriginOptions>().Lease, services.GetRequiredService<TimeProvider>()));
builder.Services.AddHostedService<LibraryLoader>();

var app = builder.Build();
app.MapDefaults();
app.MapReading();
app.MapEditing();
if (app.Services.GetRequiredService<OriginOptions>().Faults)
    Cost.Map(app);
app.Run();
