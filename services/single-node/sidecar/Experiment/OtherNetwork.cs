using System.ComponentModel;
using System.Diagnostics;
using System.Net;

namespace Samples.Experiments.Sidecar;

/// <summary>A network namespace with a cable to this one, as another pod has it. Only root on Linux with iproute2 can make one.</summary>
internal sealed class OtherNetwork : IDisposable
{
    private readonly string _name = $"samples-{Environment.ProcessId}", _cable = $"smp{Environment.ProcessId % 1_000_000}";
    private readonly int _subnet = Environment.ProcessId % 16_000;

    /// <summary>This side's address, as the other side sees it.</summary>
    public IPAddress Address => IPAddress.Parse($"169.254.{_subnet / 64}.{_subnet % 64 * 4 + 1}");

    /// <summary>Makes it; null where that cannot be done here.</summary>
    public static async Task<OtherNetwork?> MakeAsync(CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            return null;
        var network = new OtherNetwork();
        var other = network.Address.ToString();
        other = other[..(other.LastIndexOf('.') + 1)] + (int.Parse(other[(other.LastIndexOf('.') + 1)..]) + 1);
        string[] steps =
        [
            $"netns add {network._name}", $"link add {network._cable} type veth peer name eth0 netns {network._name}",
            $"addr add {network.Address}/30 dev {network._cable}",
            $"link set {network._cable} up", $"-n {network._name} addr add {other}/30 dev eth0", $"-n {network._name} link set eth0 up",
        ];
        foreach (var step in steps)
        {
            if (await RunAsync("ip", step, cancel) != 0)
            {
                network.Dispose();
                return null;
            }
        }

        return network;
    }

    /// <summary>True where a connection from the other side to a port of this side is taken.</summary>
    public async Task<bool> TryConnectAsync(int port, CancellationToken cancel) =>
        await RunAsync("ip", $"netns exec {_name} timeout 5 bash -c exec\u00a03<>/dev/tcp/{Address}/{port}", cancel) == 0;

    // A blank that does not separate words is written as a no-break space.
    private static async Task<int> RunAsync(string program, string arguments, CancellationToken cancel)
    {
        try
        {
            var words = arguments.Split(' ').Select(a => a.Replace('\u00a0', ' '));
            using var process = Process.Start(new ProcessStartInfo(program, words)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            await process.WaitForExitAsync(cancel);
            return process.ExitCode;
        }
        catch (Win32Exception)
        {
            return -1;
        }
    }

    public void Dispose()
    {
        // The cable goes with the namespace.
        using var process = Process.Start(new ProcessStartInfo("ip", ["netns", "del", _name]) { RedirectStandardError = true });
        process?.WaitForExit();
    }
}
