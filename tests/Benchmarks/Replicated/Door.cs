using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>A server that is measured: where clients reach it, and what its processes cost.</summary>
internal sealed record Door(string Name, int Port, Tool Tool) : IAsyncDisposable
{
    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>The front door of this project.</summary>
    public static async Task<Door> StartOursAsync(IReadOnlyList<int> replicas, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return new Door("front-door", port, await Tool.StartServiceAsync("Samples.FrontDoor", port, cancel,
            ("APP_PORT", $"{port}"), ("REPLICAS", string.Join(',', replicas.Select(r => $"http://127.0.0.1:{r}")))));
    }

    /// <summary>
    /// nginx as a load balancer that keeps its connections. By itself it tries a GET again where a replica did not answer.
    /// </summary>
    public static async Task<Door> StartNginxAsync(string folder, IReadOnlyList<int> replicas, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return new Door("nginx", port, await Nginx.StartAsync(folder, "door", $$"""
            upstream replicas {
              {{string.Concat(replicas.Select(r => $"server 127.0.0.1:{r}; "))}}
              keepalive 64; keepalive_requests 1000000;
            }
            server {
              listen 127.0.0.1:{{port}};
              keepalive_requests 1000000;
              location / {
                proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection "";
                proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
              }
            }
            """, port, cancel));
    }

    /// <summary>HAProxy with what it has against replicas that die: probes, marks after one failure, and tries at another one.</summary>
    public static async Task<Door> StartHaproxyAsync(string folder, IReadOnlyList<int> replicas, CancellationToken cancel)
    {
        var (port, file) = (Tool.FreePort(), Path.Combine(folder, "haproxy.cfg"));
        await File.WriteAllTextAsync(file, $"""
            global
              nbthread 1
            defaults
              mode http
              timeout connect 2s
              timeout client 60s
              timeout server 15s
              option redispatch 1
              option forwardfor
              retries 2
              retry-on all-retryable-errors
            frontend door
              bind 127.0.0.1:{port}
              default_backend replicas
            backend replicas
              balance roundrobin
              option httpchk GET /readyz
              default-server check inter 250ms fall 1 rise 1 observe layer7 on-error mark-down error-limit 1
            {string.Concat(replicas.Select(r => $"  server replica-{r} 127.0.0.1:{r}\n"))}
            """, cancel);
        return new Door("HAProxy", port, await Tool.StartAsync(Tool.Find("haproxy", "haproxy"), ["-db", "-f", file], port, cancel));
    }

    /// <summary>Our cache.</summary>
    public static async Task<Door> StartCacheAsync(int origin, int mebibytes, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return new Door("cache", port, await Tool.StartServiceAsync("Samples.Cache", port, cancel,
            ("APP_PORT", $"{port}"), ("ORIGIN", $"http://127.0.0.1:{origin}"), ("CACHE_MIB", $"{mebibytes}")));
    }

    /// <summary>Varnish with its memory in one store of a fixed size.</summary>
    public static async Task<Door> StartVarnishAsync(string folder, int origin, int mebibytes, CancellationToken cancel)
    {
        var (port, home) = (Tool.FreePort(), Path.Combine(folder, $"varnish-{mebibytes}"));
        string[] arguments = ["-F", "-n", home, "-a", $"127.0.0.1:{port}", "-b", $"127.0.0.1:{origin}", "-s", $"malloc,{mebibytes}m"];
        return new Door("Varnish", port, await Tool.StartAsync(Tool.Find("varnishd", "varnish"), arguments, port, cancel));
    }

    public ValueTask DisposeAsync() => Tool.DisposeAsync();
}
