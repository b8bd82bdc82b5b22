using Samples.Cli.RunTemplate;

namespace Samples.Cli.Tests.Supervision;

/// <summary>A program that is supervised: a line of shell, so that starting it costs next to nothing.</summary>
/// <param name="AppId">What it does to its supervisor.</param>
/// <param name="Script">How.</param>
/// <param name="Lives">Whether it lives until somebody ends it.</param>
internal sealed record Patient(string AppId, string Script, bool Lives = true)
{
    /// <summary>Everything that a program may do to those who wait for it.</summary>
    public static readonly Patient[] All =
    [
        new("sleeps", "exec sleep 1000"),
        new("ignores-sigterm", "trap '' TERM; while :; do sleep 1000; done"),
        new("forks", "sleep 1000 & sleep 1000 & wait"),
        new("leaves-its-group", "setsid sleep 2 & exec sleep 1000"),
        new("closes-its-output", "exec >&- 2>&-; exec sleep 1000"),
        new("prints-endlessly", "exec yes"),
        new("prints-one-endless-line", "while :; do printf '%01000d' 1; done"),
        new("dies-at-start", "exit 3", Lives: false),
    ];

    /// <summary>The one that every client breaks at once; it listens, and a child of its own holds its port, too.</summary>
    public static readonly Patient Shared = new("listens", """
        exec perl -MIO::Socket::INET -e '
          IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ENV{APP_PORT}, Listen => 5, ReuseAddr => 1) or exit 9;
          fork;
          sleep 1000'
        """);

    /// <summary>Its entry in a template.</summary>
    public RunEntry Entry(string directory, string mark) => new(AppId, directory, ["/bin/sh", "-c", Script])
    {
        Pattern = "supervision",
        AppPort = 0,
        Restarts = true,
        Environment = new Dictionary<string, string> { [Session.MarkVariable] = mark },
    };
}
