using System.Diagnostics;

// Each variable makes it a different patient.
if (Environment.GetEnvironmentVariable("END_WITH") is { Length: > 0 } code)
{
    Console.WriteLine("fail: this application has nothing to live for");
    return int.Parse(code);
}

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
if (Environment.GetEnvironmentVariable("STUBBORN") is { Length: > 0 })
    builder.Services.AddHostedService<Stubborn>();
var app = builder.Build();
var child = Environment.GetEnvironmentVariable("CHILD") is { Length: > 0 } ? Process.Start("sleep", "1000").Id : 0;
app.MapGet("/", () => new { Environment.ProcessId, Child = child });
app.MapGet("/env/{name}", (string name) => Environment.GetEnvironmentVariable(name) ?? "");
app.MapGet("/header/{name}", (string name, HttpRequest request) => request.Headers[name].ToString());
app.MapGet("/say/{line}", (string line) => Console.Out.WriteLineAsync(line));
app.MapPost("/die/{with}", (int with) => Environment.Exit(with));
Console.WriteLine("warn: CliApp[0] begins");
app.Run();
return 0;

/// <summary>Does not stop when it is asked to.</summary>
internal sealed class Stubborn : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, CancellationToken.None);
}
