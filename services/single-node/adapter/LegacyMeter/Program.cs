using Samples.LegacyMeter;

if (MeterSettings.Usage.IsAsked(args))
    return;

// Old-fashioned on purpose: a device that answers comma-separated lines on a port of its own and writes its log as JSON lines. HTTP is for
// its buttons.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
var folder = Directory.CreateDirectory(builder.Configuration["SAMPLES_DATA"] ?? ".samples/adapter").FullName;
var register = new Register(Path.Combine(folder, "meter.log"));
var isFree = builder.Configuration["SAMPLES_FREE_PORTS"] == "true";
using var listener = new LineProtocol(register, isFree ? 0 : int.Parse(builder.Configuration["METER_PORT"] ?? "6431"));

var app = builder.Build();
app.MapGet("/address", () => new { host = "127.0.0.1", port = listener.Port });
app.MapPost("/pulse", (string? site, double? kwh) => site is { Length: > 0 } && kwh is > 0 and < 1_000_000
    ? Results.Text($"{register.Pulse(site, kwh.Value)}\n")
    : Results.Text("site and kwh, please\n", statusCode: 400));
app.Run();
