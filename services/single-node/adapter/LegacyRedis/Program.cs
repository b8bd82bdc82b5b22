using System.Net;
using System.Net.Sockets;
using Samples.LegacyRedis;

if (RedisSettings.Usage.IsAsked(args))
    return;

// Not ours to change: it answers INFO and SLOWLOG, and that is all that it says about itself. HTTP is only for the run, to ask where it
// listens.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
var port = builder.Configuration["SAMPLES_FREE_PORTS"] == "true" ? FreePort() : int.Parse(builder.Configuration["REDIS_PORT"] ?? "6430");
using var server = RedisProcess.Start(port);

var app = builder.Build();
app.MapGet("/address", () => new { host = "127.0.0.1", port, server.Name });
app.Run();

// Neither of the two says which port it took.
static int FreePort()
{
    using var probe = new TcpListener(IPAddress.Loopback, 0);
    probe.Start();
    return ((IPEndPoint)probe.LocalEndpoint).Port;
}
