using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Samples.Experiments.Sidecar;

/// <summary>What log-store has counted.</summary>
internal sealed record CountReport(long Events, long Duplicates, Dictionary<string, long> ByStatus, Dictionary<string, long> ByPath);

/// <summary>A process, as topz sees it.</summary>
internal sealed record ProcessReport(int Pid, double CpuPercent, double MemoryPercent, string Command);

/// <summary>All of them in one interval.</summary>
internal sealed record TopzReport(DateTimeOffset At, double Seconds, ProcessReport[] Processes);

/// <summary>What tls-sidecar says of itself.</summary>
internal sealed record TlsReport(int HttpsPort, string Serial, int Replaced, string? Refused);

/// <summary>
/// The site as the two kinds of clients see it: in plain HTTP on loopback, as only its sidecars can, and by HTTPS as everybody does.
/// </summary>
internal sealed class SiteView : IDisposable
{
    private SiteView(ExperimentContext context, TlsReport tls, int port)
    {
        SitePort = port;
        HttpsPort = tls.HttpsPort;
        Plain = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(30) };
        Https = Connect();
        Services = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("log-store").DaprHttpPort}/v1.0/invoke/") };
    }

    public int SitePort { get; }

    /// <summary>The port with TLS. A run with free ports has another one when tls-sidecar was started again.</summary>
    public int HttpsPort { get; private set; }

    public HttpClient Plain { get; }

    public HttpClient Https { get; }

    private HttpClient Services { get; }

    public static async Task<SiteView> ConnectAsync(ExperimentContext context, CancellationToken cancel)
    {
        using var http =
            new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("tls-sidecar").DaprHttpPort}/v1.0/invoke/") };
        var tls = (await http.GetFromJsonAsync<TlsReport>("tls-sidecar/method/tls", cancel))!;
        return new SiteView(context, tls, context.ReplicaOf("legacy-site").AppPort);
    }

    /// <summary>A client of its own: a certificate that nobody signed is what a development run has.</summary>
    public HttpClient Connect() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
        MaxConnectionsPerServer = 8,
        UseCookies = false,
    })
    {
        BaseAddress = new Uri($"https://127.0.0.1:{HttpsPort}/"),
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestVersion = HttpVersion.Version11,
    };

    /// <summary>Asks a service through Dapr.</summary>
    public async Task<T> AskAsync<T>(string app, string path, CancellationToken cancel) =>
        (await Services.GetFromJsonAsync<T>($"{app}/method/{path}", cancel))!;

    /// <summary>The same; null where the service does not answer now.</summary>
    public async Task<T?> TryAskAsync<T>(string app, string path, CancellationToken cancel) where T : class
    {
        try
        {
            return await AskAsync<T>(app, path, cancel);
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>A page by HTTPS over a new connection; null where there is no good answer.</summary>
    public async Task<string?> TryGetAsync(string path, CancellationToken cancel)
    {
        using var client = Connect();
        return await TryGetAsync(client, path, cancel);
    }

    /// <summary>True where the site itself answers.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancel) => await TryGetAsync(Plain, "version", cancel) is not null;

    /// <summary>Asks tls-sidecar anew where it is; true where a connection to that is taken.</summary>
    public async Task<bool> FindHttpsAsync(CancellationToken cancel)
    {
        if (await TryAskAsync<TlsReport>("tls-sidecar", "tls", cancel) is not { } report)
            return false;
        HttpsPort = report.HttpsPort;
        using var client = Connect();
        try
        {
            // Whatever the answer is: the site may be down at the same time.
            using var answer = await client.GetAsync("version", cancel);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<string?> TryGetAsync(HttpClient client, string path, CancellationToken cancel)
    {
        try
        {
            using var answer = await client.GetAsync(path, cancel);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancel) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Asks until the answer is as wanted; how long that took, or null when it did not come in time.</summary>
    public static async Task<TimeSpan?> WaitAsync(Func<Task<bool>> isSo, TimeSpan patience, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await isSo())
                return Stopwatch.GetElapsedTime(began);
            if (Stopwatch.GetElapsedTime(began) > patience)
                return null;
            await Task.Delay(20, cancel);
        }
    }

    public void Dispose()
    {
        Plain.Dispose();
        Https.Dispose();
        Services.Dispose();
    }
}
