using Samples.Defaults;
using Samples.TopzSidecar;

if (TopzOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder();
builder.AddDefaults();
var options = TopzOptions.From(builder.Configuration, args);
if (options.Address is { } address)
    builder.WebHost.UseUrls($"http://{address}");
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<IProcessTable>(OperatingSystem.IsLinux() ? new ProcFolder("/proc") : new SystemProcesses());
builder.Services.AddSingleton<ProcessMeter>();
builder.Services.AddHostedService(services => services.GetRequiredService<ProcessMeter>());

var app = builder.Build();
app.MapDefaults();
app.MapTopz();
app.Run();
