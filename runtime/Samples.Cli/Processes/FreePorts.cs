using System.Net;
using System.Net.Sockets;

namespace Samples.Cli.Processes;

/// <summary>
/// Ports for processes that bind them a moment later, and again after a restart. A port that the system hands out itself could meanwhile
/// become the local end of anybody's outgoing connection; these lie below the ranges that Linux, macOS and Windows take such ends from.
/// </summary>
internal static class FreePorts
{
    private const int First = 10_000, Last = 29_999;

    private static readonly HashSet<int> Given = [];

    /// <summary>A port on loopback that nobody listens on and that was not given before.</summary>
    public static int Next()
    {
        lock (Given)
        {
            for (var i = 0; i < Last - First; i++)
            {
                var port = Random.Shared.Next(First, Last + 1);
                if (IsFree(port) && Given.Add(port))
                    return port;
            }
        }

        throw new IOException($"No port between {First} and {Last} is free. Stop some of what listens there.");
    }

    /// <summary>Whether nobody listens on a port of loopback.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
