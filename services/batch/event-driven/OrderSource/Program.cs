using Dapr.Client;
using Samples.OrderSource;
using Samples.Stages;

var builder = WebApplication.CreateBuilder(args);
builder.AddStage("order-source", inputs: 0..0);
var options = SourceOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
// A file comes through the sidecar in one piece.
builder.Services.AddDaprClient(dapr => dapr.UseGrpcChannelOptions(new() { MaxReceiveMessageSize = options.MostBytes }));
builder.Services.AddSingleton<OrderFolder>();
builder.Services.AddSingleton<OrderRun>();
builder.Services.AddSingleton<OrderPublisher>();

var app = builder.Build();
app.MapOrders();
app.Run();
