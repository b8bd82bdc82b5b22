using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Sidecar;

/// <summary>
/// One application, which nginx plays, and before it the sidecar and nginx with TLS, one process each: the same certificate with its
/// issuer, the same protocols and headers, and as many tickets to a client. Requests go over connections that stay; handshakes are full
/// ones, as clients make them that come for the first time.
/// </summary>
internal sealed partial class TlsComparison(string folder)
{
    private const int Rounds = 5, Connections = 32, Clients = 2, FewestSlices = 3, MostSlices = 12;
    private const double Steady = 1.08;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    private sealed record Door(Tool Tool, int Port);

    // Microseconds of a processor that one takes, outside of the kernel and in it.
    private sealed record Result(double Rate, double User, double Kernel)
    {
        public double PerCore => 1e6 / (User + Kernel);

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{User + Kernel:0} µs, {Kernel:0} of them the kernel's");
    }

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var (wrk, openssl) = (Tool.Find("wrk", "wrk"), Tool.Find("openssl", "openssl"));
        var app = Tool.FreePort();
        await using var application = await Nginx.StartAsync(folder, "application", $$"""
            server { listen 127.0.0.1:{{app}}; keepalive_requests 10000000; location / { return 200 "hello\n"; } }
            """, app, cancel);
        using var elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        await CompareAsync(
            "ECDSA P-256",
            "ecdsap256",
            name => new CertificateRequest(name, elliptic, HashAlgorithmName.SHA256),
            X509SignatureGenerator.CreateForECDsa(elliptic),
            elliptic,
            withRequests: true);
        await CompareAsync(
            "RSA 2048",
            "rsa2048",
            name => new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1),
            rsa,
            withRequests: false);

        async Task CompareAsync(
            string kind,
            string algorithm,
            Func<string, CertificateRequest> request,
            X509SignatureGenerator signs,
            AsymmetricAlgorithm key,
            bool withRequests)
        {
            var file = Path.Combine(folder, $"{kind.Replace(' ', '-')}.pem");
            await File.WriteAllTextAsync(file, $"{Chain(request, signs)}{key.ExportPkcs8PrivateKeyPem()}\n", cancel);
            var ours = await StartOursAsync(app, file, cancel);
            await using var tool = ours.Tool;
            var theirs = await StartNginxAsync(app, file, cancel);
            await using var peer = theirs.Tool;
            if (withRequests)
            {
                var (here, there) = await TurnsAsync(ours, theirs, door => RequestAsync(wrk, door, duration, cancel), cancel);
                const string What = "HTTPS over 32 connections that stay";
                var cipher = await SpeedAsync(openssl, ["-bytes", "256", "-evp", "aes-128-gcm"], @"(?m)^AES-128-GCM\s+([\d.]+)k", cancel);
                report(Finding.AtLeast(
                    0.6, $"{What}: requests a second of processor time, to nginx", here.PerCore, there.PerCore, "1/s") with
                {
                    Bound = string.Create(
                        CultureInfo.InvariantCulture,
                        $"tls-sidecar {here}; nginx {there}. openssl speed: AES-128-GCM of 256 bytes, {256e3 / cipher:0.0} µs"),
                });
                report(new Finding($"{What}: requests a second", here.Rate, there.Rate, "1/s"));
                report(new Finding("resident memory after it", ours.Tool.Memory / 1e6, theirs.Tool.Memory / 1e6, "MB"));
            }

            var (own, others) = await TurnsAsync(ours, theirs, door => HandshakeAsync(openssl, door, duration, cancel), cancel);
            var bound = await BoundAsync(openssl, algorithm, own, others, cancel);
            report(Finding.AtLeast(
                0.8, $"full handshakes a second of processor time, {kind}, to nginx", own.PerCore, others.PerCore, "1/s") with
            {
                Bound = bound,
            });
            report(Finding.AtLeast(0.8, $"full handshakes a second, {kind}, to nginx", own.Rate, others.Rate, "1/s"));
        }
    }

    // As real ones are, with an issuer: who has one alone may look for its issuer at each handshake.
    private static string Chain(Func<string, CertificateRequest> request, X509SignatureGenerator signs)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        var above = request("CN=issuer");
        above.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issuer = above.CreateSelfSigned(from, to);
        using var leaf = request("CN=localhost").Create(issuer.SubjectName, signs, from, to, [1]);
        return $"{leaf.ExportCertificatePem()}\n{issuer.ExportCertificatePem()}\n";
    }

    // In turns, and the round in the middle by ratio counts: one that a neighbour disturbed decides nothing.
    private static async Task<(Result Ours, Result Theirs)> TurnsAsync(
        Door ours, Door theirs, Func<Door, Task<Result>> measure, CancellationToken cancel)
    {
        // Until the compiler has finished, however long a busy machine keeps it from that.
        var (last, next) = (0.0, 0.0);
        for (var slice = 0; slice < MostSlices && (slice < FewestSlices || next > last * Steady); slice++)
            (last, next) = (next, (await measure(ours)).PerCore);
        var rounds = new List<(Result Ours, Result Theirs)>();
        for (var round = 0; round < Rounds && !cancel.IsCancellationRequested; round++)
            rounds.Add((await measure(ours), await measure(theirs)));
        return rounds.OrderBy(r => r.Ours.PerCore / r.Theirs.PerCore).ElementAt(Rounds / 2);
    }

    private static async Task<Result> RequestAsync(string wrk, Door door, TimeSpan duration, CancellationToken cancel)
    {
        var before = door.Tool.Times;
        var said = await Tool.RunAsync(
            wrk, ["-t", "1", "-c", $"{Connections}", "-d", $"{Whole(duration)}s", $"https://127.0.0.1:{door.Port}/"], cancel);
        // An answer that a busy machine gives late is no error of the door's.
        if (said.Contains("Non-2xx", StringComparison.Ordinal) || Broken().IsMatch(said))
            throw new InvalidOperationException($"Requests failed: {said}");
        return Each(Number(Requests().Match(said)), Number(Rate().Match(said)), before, door.Tool.Times);
    }

    private static async Task<Result> HandshakeAsync(string openssl, Door door, TimeSpan duration, CancellationToken cancel)
    {
        var before = door.Tool.Times;
        string[] arguments = ["s_time", "-connect", $"127.0.0.1:{door.Port}", "-new", "-time", $"{Whole(duration)}"];
        var said = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Tool.RunAsync(openssl, arguments, cancel)));
        var count = said.Sum(s => Number(Connected().Match(s)));
        return Each(count, count / Whole(duration), before, door.Tool.Times);
    }

    private static Result Each(
        double count, double rate, (TimeSpan User, TimeSpan Kernel) before, (TimeSpan User, TimeSpan Kernel) after) => new(
        rate, (after.User - before.User).TotalMicroseconds / count, (after.Kernel - before.Kernel).TotalMicroseconds / count);

    // What no program can do without: one signature, and a key agreement with a key that is made anew, which costs as much as agreeing.
    private static async Task<string> BoundAsync(string openssl, string algorithm, Result ours, Result theirs, CancellationToken cancel)
    {
        var signatures = await SpeedAsync(openssl, [algorithm], @"(?:rsa 2048 bits|\(nistp256\))\s+\S+\s+\S+\s+([\d.]+)", cancel);
        var agreements = await SpeedAsync(openssl, ["ecdhx25519"], @"\(X25519\)\s+\S+\s+([\d.]+)", cancel);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"tls-sidecar {ours}; nginx {theirs}. openssl speed: {signatures:0} signatures and {agreements:0} X25519 agreements a second, "
            + $"of which a handshake needs one and two, {1e6 / signatures + 2e6 / agreements:0} µs");
    }

    private static async Task<double> SpeedAsync(string openssl, string[] what, string pattern, CancellationToken cancel) =>
        Number(Regex.Match(await Tool.RunAsync(openssl, ["speed", "-seconds", "1", .. what], cancel), pattern));

    private async Task<Door> StartOursAsync(int app, string file, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return new Door(await Tool.StartServiceAsync("Samples.TlsSidecar", port, cancel,
            ("APP_PORT", $"{Tool.FreePort()}"), ("HTTPS_PORT", $"{port}"), ("SITE", $"http://127.0.0.1:{app}"), ("CERT_FILE", file),
            ("SAMPLES_DATA", folder)), port);
    }

    private async Task<Door> StartNginxAsync(int app, string file, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return new Door(await Nginx.StartAsync(folder, $"tls-{port}", $$"""
            upstream application { server 127.0.0.1:{{app}}; keepalive 64; keepalive_requests 10000000; }
            server { listen 127.0.0.1:{{port}} ssl; keepalive_requests 10000000;
              ssl_certificate {{file}}; ssl_certificate_key {{file}}; ssl_protocols TLSv1.2 TLSv1.3;
              add_header Strict-Transport-Security max-age=31536000;
              location / { proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection "";
                proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host $http_host; } }
            """, port, cancel), port);
    }

    private static int Whole(TimeSpan duration) => Math.Max(1, (int)duration.TotalSeconds);

    private static double Number(Match match) => match.Success
        ? double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
        : throw new InvalidOperationException("A tool did not say what it measured.");

    [GeneratedRegex(@"Socket errors: (?!connect 0, read 0, write 0)")]
    private static partial Regex Broken();

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"(\d+) connections in \d+ real seconds")]
    private static partial Regex Connected();
}
