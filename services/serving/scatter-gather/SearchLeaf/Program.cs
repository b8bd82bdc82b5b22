using Samples.Defaults;
using Samples.SearchLeaf;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(LeafOptions.From(builder.Configuration));
builder.Services.AddSingleton<LeafIndex>();
builder.Services.AddSingleton<Slowness>();
builder.Services.AddHostedService<IndexLoader>();

var app = builder.Build();
app.MapDefaults();
app.MapLeaf();
if (app.Services.GetRequiredService<LeafOptions>().Faults)
    Slowness.Map(app);
app.Run();
