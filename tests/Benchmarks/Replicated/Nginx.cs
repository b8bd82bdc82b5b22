using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>nginx in one process.</summary>
internal static class Nginx
{
    /// <summary>Starts it with these <c>server</c> and <c>upstream</c> blocks.</summary>
    public static async Task<Tool> StartAsync(string folder, string name, string servers, int port, CancellationToken cancel)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        var file = Path.Combine(home, "nginx.conf");
        await File.WriteAllTextAsync(file, $$"""
            daemon off; master_process off; pid {{home}}/pid; error_log {{home}}/error.log;
            events { worker_connections 1024; }
            http { access_log off;
            client_body_temp_path {{home}}/body; proxy_temp_path {{home}}/proxy;
            fastcgi_temp_path {{home}}/fastcgi; uwsgi_temp_path {{home}}/uwsgi; scgi_temp_path {{home}}/scgi;
            {{servers}} }
            """, cancel);
        return await Tool.StartAsync(
            Tool.Find("nginx", "nginx-light"), ["-p", home, "-c", file, "-e", $"{home}/error.log"], port, cancel);
    }

    /// <summary>One that answers every path with the same body, to be kept by caches for a day.</summary>
    public static async Task<(Tool Tool, int Port)> StartReplicaAsync(string folder, string name, int bytes, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return (await StartAsync(folder, name, $$"""
            server {
              listen 127.0.0.1:{{port}};
              keepalive_requests 1000000;
              location / { add_header Cache-Control "public, max-age=86400"; return 200 "{{new string('x', bytes)}}"; }
            }
            """, port, cancel), port);
    }
}
