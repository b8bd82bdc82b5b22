using System.Net;
using System.Net.Sockets;

namespace Samples.Conformance.Daprd;

/// <summary>Ports of loopback for processes that cannot choose their own.</summary>
internal static class FreePorts
{
    private const int Attempts = 5;

    /// <summary>Starts something on free ports; again on others when it ended at once, as when another process was faster.</summary>
    public static async Task<(T Started, int Port)> TryAsync<T>(int count, Func<int[], Task<T>> start)
    {
        for (var attempt = 1; ; attempt++)
        {
            var ports = Find(count);
            try
            {
                return (await start(ports), ports[0]);
            }
            catch (ServerEndedException) when (attempt < Attempts)
            {
            }
        }
    }

    private static int[] Find(int count)
    {
        var probes = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            probes.ForEach(p => p.Start());
            return [.. probes.Select(p => ((IPEndPoint)p.LocalEndpoint).Port)];
        }
        finally
        {
            probes.ForEach(p => p.Dispose());
        }
    }
}
