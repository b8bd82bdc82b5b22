using System.Diagnostics;
using Samples.LegacyShop;

if (ShopSettings.Usage.IsAsked(args))
    return;

// Old-fashioned on purpose: no Dapr, no metrics, no health endpoint. It has a page of statistics for whoever runs it, an access log, and a
// database.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
var folder = Directory.CreateDirectory(builder.Configuration["SAMPLES_DATA"] ?? ".samples/adapter").FullName;
using var log = new AccessLog(Path.Combine(folder, "shop-access.log"));
var orders = OrderTable.Open(Path.Combine(folder, "shop.db"));
var statistics = new Statistics();

var app = builder.Build();
app.Use(async (http, next) =>
{
    var began = Stopwatch.GetTimestamp();
    await next(http);
    // Whoever reads the statistics does not change them.
    if (http.Request.Path != "/stats")
        statistics.Count(http.Request.Path.Value is "/" or "/orders" ? http.Request.Path.Value : "other", Stopwatch.GetElapsedTime(began));
    log.Write(http);
});
app.MapGet("/", () => "Welcome to the shop.\n");
app.MapGet("/stats", () => statistics.Page(orders.Waiting()));
app.MapPost("/orders", (string? item) =>
{
    if (string.IsNullOrWhiteSpace(item))
        return Results.Text("what do you want?\n", statusCode: 400);
    orders.Place(item);
    statistics.Place();
    return Results.Text("thank you\n", statusCode: 201);
});
app.MapGet("/crash", () => Results.Text("oops\n", statusCode: 500));
app.Run();
