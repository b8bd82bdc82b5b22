using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Samples.Cli.Processes;

namespace Samples.Cli.DropIn;

/// <summary>
/// In the place of Dapr's placement and scheduler, for tools that start them beside daprd: it is healthy, and nothing else. The drop-in
/// sidecars place actors and keep jobs among themselves.
/// </summary>
internal static class ControlPlaneStandIn
{
    /// <summary>Answers on the port and the health port of the flags until SIGTERM or Ctrl-C; the others say nothing to it.</summary>
    public static async Task<int> RunAsync(string name, IReadOnlyList<string> arguments)
    {
        if (arguments.Any(a => a.TrimStart('-') is "version"))
        {
            Console.WriteLine(DropInVersion.Text);
            return 0;
        }

        using var interruption = new Interruption();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        int[] ports = [Value("port", name == "placement" ? 50005 : 50006), Value("healthz-port", 8080)];
        builder.WebHost.ConfigureKestrel(kestrel => Array.ForEach(ports, port => kestrel.Listen(IPAddress.Loopback, port)));
        await using var host = builder.Build();
        host.MapGet("/healthz", () => Results.Ok());
        try
        {
            await host.StartAsync(interruption.Token);
        }
        catch (IOException error)
        {
            Console.Error.WriteLine($"{name} cannot listen on {string.Join(" and ", ports)}: {error.Message}");
            return 1;
        }

        Console.WriteLine($"{name} stands in for Dapr's: the sidecars find each other without it");
        await interruption.WaitAsync();
        return 0;

        int Value(string flag, int otherwise)
        {
            for (var i = 0; i < arguments.Count; i++)
            {
                var parts = arguments[i].TrimStart('-').Split('=', 2);
                if (parts[0] == flag && int.TryParse(parts.Length == 2 ? parts[1] : arguments.ElementAtOrDefault(i + 1), out var port))
                    return port;
            }

            return otherwise;
        }
    }
}
