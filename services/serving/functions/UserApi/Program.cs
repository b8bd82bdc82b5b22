using Samples.Defaults;
using Samples.UserApi;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton<Users>();

var app = builder.Build();
app.MapDefaults();
app.MapUsers();
app.Run();
