using System.Net;
using Samples.Defaults;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.TopzSidecar;

/// <summary>How it measures; <see cref="Usage"/> tells each setting.</summary>
/// <param name="Interval">Over which the use of processors is measured.</param>
/// <param name="Address">Where to listen besides what the environment says; null for that.</param>
public sealed record TopzOptions(TimeSpan Interval, IPEndPoint? Address)
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new("topz-sidecar", "shows what the processes of the pod use: GET /topz, a process a line.",
    [
        new("TOPZ_SECONDS", "1", "The interval in which the use of processors is measured, again and again."),
        new("TOPZ_ADDR", "127.0.0.1 and APP_PORT", "Where to listen, as HOST:PORT; --addr wins over it."),
        new("APP_PORT", "5405", "The port of GET /topz, /healthz and /readyz."),
    ])
    {
        Forms = [("--addr HOST:PORT", "listens there, as the book's topz does with --addr=0.0.0.0:8080")],
    };

    /// <summary>Reads and checks settings and arguments.</summary>
    public static TopzOptions From(IConfiguration configuration, string[] arguments)
    {
        var address = arguments switch
        {
            [] => configuration["TOPZ_ADDR"],
            ["--addr", var next] => next,
            [var one] when one.StartsWith("--addr=", StringComparison.Ordinal) => one["--addr=".Length..],
            _ => throw new WrongSettingException($"'{string.Join(' ', arguments)}' is not understood; --help tells what is."),
        };
        return new TopzOptions(configuration.Seconds("TOPZ_SECONDS", 1, 0.1, 3600), address is { Length: > 0 } ? Parse(address) : null);
    }

    private static IPEndPoint Parse(string text) =>
        text.Contains(':') && IPEndPoint.TryParse(text.StartsWith(':') ? "0.0.0.0" + text : text, out var point)
        ? point : throw new WrongSettingException($"--addr is '{text}'; give an address and a port, such as 0.0.0.0:8080.");
}
