using Samples.Defaults;
using Samples.QueueManager;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(QueueOptions.From(builder.Configuration));
builder.Services.AddSingleton<ItemBook>();
builder.Services.AddSingleton<WorkQueue>();
builder.Services.AddSingleton<Demand>();
builder.Services.AddSingleton<Leadership>();
builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<Source>(
    services, InvocationClient.Create(services.GetRequiredService<QueueOptions>().Source)));
builder.Services.AddSingleton<ActiveManager>();
builder.Services.AddHostedService(services => services.GetRequiredService<ActiveManager>());

var app = builder.Build();
app.MapDefaults();
app.UseMiddleware<Standby>();
app.MapQueue();
app.Run();
