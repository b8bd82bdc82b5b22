using Samples.ActorApp;

// Killed with its parent, however that ended: the parent holds the other end of the input.
_ = Task.Run(() =>
{
    Console.In.ReadToEnd();
    Environment.Exit(0);
});

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("APP_PORT")}");
builder.Services.AddSingleton(new TurnLog(Environment.GetEnvironmentVariable("TURN_LOG")!));
builder.Services.AddRouting(r => r.SetParameterPolicy<Microsoft.AspNetCore.Routing.Constraints.RegexInlineRouteConstraint>("regex"));
builder.Services.AddActors(o =>
{
    o.HttpEndpoint = $"http://127.0.0.1:{Environment.GetEnvironmentVariable("DAPR_HTTP_PORT")}";
    o.ActorIdleTimeout = TimeSpan.FromSeconds(5);
    o.Actors.RegisterActor<AccountActor>();
});
var app = builder.Build();
app.MapActorsHandlers();
app.Run();
