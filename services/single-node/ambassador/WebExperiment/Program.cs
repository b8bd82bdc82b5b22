using Samples.Defaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();

var app = builder.Build();
app.MapDefaults();
app.MapGet("/", () => TypedResults.Ok(new { variant = "experiment", button = "Buy now" }));
app.MapPost("/orders", (Order order) => string.IsNullOrWhiteSpace(order.Item)
    ? Results.ValidationProblem(new Dictionary<string, string[]> { ["item"] = ["Name what is ordered."] })
    : Results.Ok(new { variant = "experiment", order.Item }));
app.Run();

internal sealed record Order(string? Item);
