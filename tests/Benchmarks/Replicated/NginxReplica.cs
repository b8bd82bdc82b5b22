using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>nginx as a replica behind the balancers that are compared.</summary>
internal static class NginxReplica
{
    /// <summary>One that answers every path with the same body, to be kept by caches for a day.</summary>
    public static async Task<(Tool Tool, int Port)> StartAsync(string folder, string name, int bytes, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return (await Nginx.StartAsync(folder, name, $$"""
            server {
              listen 127.0.0.1:{{port}};
              keepalive_requests 1000000;
              location / { add_header Cache-Control "public, max-age=86400"; return 200 "{{new string('x', bytes)}}"; }
            }
            """, port, cancel), port);
    }
}
