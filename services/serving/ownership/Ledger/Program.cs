using Samples.Defaults;
using Samples.Ledger;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(LedgerOptions.From(builder.Configuration));
builder.Services.AddSingleton<Fencing>();
builder.Services.AddSingleton<LedgerBook>();

var app = builder.Build();
app.MapDefaults();
app.MapLedger();
app.Run();
