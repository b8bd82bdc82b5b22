using System.Diagnostics;

namespace Samples.Cli.Processes;

/// <summary>
/// Outlives the command by a moment: when the command is gone, however it went, the guard kills the process groups of its replicas. The
/// kernel ties only direct children to the command, and on Linux alone; this reaches what they started, too. It is a shell that reads the
/// groups from a pipe, whose end tells it that the command is dead. Windows has no shell and no groups, and none is started there.
/// </summary>
internal sealed class Guard : IDisposable
{
    private const string Script = """
        trap '' INT TERM HUP
        groups=
        while read -r sign group; do
          rest=
          for g in $groups; do [ "$g" = "$group" ] || rest="$rest $g"; done
          groups=$rest
          [ "$sign" = + ] && groups="$groups $group"
        done
        for g in $groups; do kill -KILL "-$g"; done
        """;

    private readonly Process? _shell;
    private readonly Lock _gate = new();

    public Guard(Func<int, IReadOnlyList<string>, ProcessStartInfo> start)
    {
        if (OperatingSystem.IsWindows())
            return;
        var info = start(0, ["/bin/sh", "-c", Script]);
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        // A shell has nothing to debug: what .NET prepares for that on the way would be left behind.
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        _shell = Process.Start(info);
    }

    /// <summary>From now on the group of this process dies with the command.</summary>
    public void Watch(int pid) => Say($"+ {pid}");

    /// <summary>The group is gone, and its number may soon be another's.</summary>
    public void Forget(int pid) => Say($"- {pid}");

    private void Say(string line)
    {
        lock (_gate)
        {
            try
            {
                _shell?.StandardInput.Write(line + "\n");
                _shell?.StandardInput.Flush();
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // Somebody killed the guard: what the kernel does for direct children remains.
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _shell?.StandardInput.Dispose();
            _shell?.Dispose();
        }
    }
}
