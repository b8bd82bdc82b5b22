using System.Net;
using System.Net.Sockets;
using Samples.Defaults;

namespace Samples.OwnStage;

/// <summary>The program that does the work.</summary>
/// <param name="Address">Where it answers [PROGRAM_URL]; null where there is no program: then events pass as they are.</param>
/// <param name="Command">How to start it; null where it runs already [PROGRAM]. It learns from <c>PORT</c> where to listen.</param>
/// <param name="Limit">How long it may take for one event [PROGRAM_SECONDS].</param>
public sealed record ProgramOptions(Uri? Address, string[]? Command, TimeSpan Limit)
{
    /// <summary>Reads the environment. Throws <see cref="WrongSettingException"/>.</summary>
    public static ProgramOptions From(IConfiguration configuration)
    {
        string[] command = (configuration["PROGRAM"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var limit = configuration.Seconds("PROGRAM_SECONDS", 10, 0.1, 600);
        if (configuration["PROGRAM_URL"] is not { Length: > 0 } text)
        {
            return command.Length > 0
                ? new ProgramOptions(new Uri($"http://127.0.0.1:{FreePort()}/"), command, limit)
                : new ProgramOptions(null, null, limit);
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? new ProgramOptions(address, command.Length > 0 ? command : null, limit)
            : throw new WrongSettingException($"PROGRAM_URL is '{text}'; give an address such as http://127.0.0.1:9000/.");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
