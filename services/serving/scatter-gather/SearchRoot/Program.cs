using Samples.Defaults;
using Samples.SearchRoot;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
// Long enough for any query that somebody may type or paste: it is the search that says what is too long, and why.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestLineSize = 256 * 1024);
builder.Services.AddSingleton(RootOptions.From(builder.Configuration));
builder.Services.AddSingleton<ILeafClient, LeafClient>();
builder.Services.AddSingleton<Scatter>();
builder.Services.AddSingleton<LeafSharding>();
builder.Services.AddSingleton<RootDistribution>();

var app = builder.Build();
app.MapDefaults();
app.MapSearch();
app.Run();
