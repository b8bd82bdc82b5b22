namespace Samples.Benchmarks.Ambassador;

/// <summary>nginx as a peer: one process, whose processor time is all there is, with its files in a folder of the comparison.</summary>
internal static class Nginx
{
    /// <summary>Starts it with what stands inside of <c>http</c>, and waits for a port.</summary>
    public static async Task<Tool> StartAsync(string folder, string name, string servers, int port, CancellationToken cancel)
    {
        var nginx = Tool.Find("nginx", "nginx-light");
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
        return await Tool.StartAsync(nginx, ["-p", home, "-c", file, "-e", $"{home}/error.log"], port, cancel);
    }
}
