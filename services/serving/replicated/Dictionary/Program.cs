using Samples.Announcing;
using Samples.Defaults;
using Samples.Dictionary;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(DictionaryOptions.From(builder.Configuration));
builder.Services.AddSingleton<WordBook>();
builder.Services.AddSingleton<Served>();
builder.Services.AddHostedService<BookLoader>();
builder.Services.AddAnnouncer(builder.Configuration);

var app = builder.Build();
app.MapDefaults();
app.MapDictionary();
app.Run();
