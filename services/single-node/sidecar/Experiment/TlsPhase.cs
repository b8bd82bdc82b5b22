using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Samples.Experiments.Sidecar;

/// <summary>The site's own door stays closed to others; certificates are replaced under load, also by wrong ones.</summary>
internal sealed class TlsPhase(ExperimentContext context, SiteView site)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private string Folder => Path.Combine(context.DataDirectory, "tls");

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel) => [await ClosedAsync(cancel), .. await RotateAsync(cancel)];

    // From a network namespace of its own, where this user may make one; else from the machine's other addresses. A listener beside it
    // shows that the way is open.
    private async Task<Claim> ClosedAsync(CancellationToken cancel)
    {
        const string Text = "the site's own port is reached from outside of its pod's loopback";
        using var outside = await OtherNetwork.MakeAsync(cancel);
        if (outside is not null)
        {
            using var control = new TcpListener(outside.Address, 0);
            control.Start();
            var open = await outside.TryConnectAsync(((IPEndPoint)control.LocalEndpoint).Port, cancel);
            var reached = await outside.TryConnectAsync(site.SitePort, cancel);
            return new Claim(
                Text,
                "no, and another port is",
                $"{(reached ? "yes" : "no")}, and another port is{(open ? "" : " not")}, from another network namespace",
                !reached && open);
        }

        var others = NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a)).ToList();
        // Another address of loopback is another address all the same.
        if (others.Count == 0)
            others.Add(IPAddress.Parse("127.0.0.2"));
        var count = 0;
        foreach (var address in others)
            count += await TryConnectAsync(address, site.SitePort, cancel) ? 1 : 0;
        return new Claim(
            Text,
            "no, and another port is",
            count == 0 ? "no, from the machine's other addresses" : $"yes, at {count} addresses",
            count == 0);
    }

    private async Task<IReadOnlyList<Claim>> RotateAsync(CancellationToken cancel)
    {
        var wanted = context.Option("requests", 2000);
        var (asked, failed, rounds) = (0, 0, 0);
        string? reason = null;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var kept = site.Connect();
        // Half of the clients keep their connections, half come anew each time.
        var clients = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                using var fresh = i % 2 == 0 ? null : site.Connect();
                Interlocked.Increment(ref asked);
                try
                {
                    using var answer = await (fresh ?? kept).GetAsync("mark.txt", CancellationToken.None);
                    if (await answer.Content.ReadAsStringAsync(CancellationToken.None) != "three")
                        throw new HttpRequestException($"{(int)answer.StatusCode}");
                }
                catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
                {
                    Interlocked.Increment(ref failed);
                    reason ??= error.GetBaseException().Message;
                }
            }
        }, CancellationToken.None)).ToArray();

        await using var old = await HandshakeAsync(cancel);
        var (shown, wrongShown) = (0, 0);
        while (rounds < 4 || Volatile.Read(ref asked) < wanted)
        {
            rounds++;
            var (certificate, key, serial) = Make();
            await WriteAsync(certificate, key, cancel);
            // Each of these is a full handshake: a resumed one would show the old certificate's session.
            shown += await SiteView.WaitAsync(async () => await SerialAsync(cancel) == serial, Patience, cancel) is null ? 0 : 1;
            if (rounds > 2)
                continue;
            // A key that is another's, and a file that was cut off.
            var (second, otherKey, _) = Make();
            await (rounds == 1 ? WriteAsync(second, key, cancel) : WriteAsync(second[..(second.Length / 2)], otherKey, cancel));
            _ = await SiteView.WaitAsync(
                async () => (await site.AskAsync<TlsReport>("tls-sidecar", "tls", cancel)).Refused is not null, Patience, cancel);
            wrongShown += await SerialAsync(cancel) == serial ? 0 : 1;
        }

        await end.CancelAsync();
        await Task.WhenAll(clients);
        var lives = await old.AskAsync(cancel);
        context.Observe(new Observation("certificates", rounds, $"{rounds} certificates were replaced"));
        return
        [
            new(
                "certificates are replaced under load: requests that fail",
                $"0 of at least {wanted}",
                $"{failed} of {asked}, {rounds} certificates",
                failed == 0 && asked >= wanted,
                reason),
            new(
                "every new handshake shows the new certificate, and an open connection stays", $"{rounds} of {rounds}, it stays",
                $"{shown} of {rounds}, it {(lives ? "stays" : "is gone")}",
                shown == rounds && lives),
            new(
                "a key that belongs to another certificate, and a file that is cut off: "
                + "times that the last good pair did not go on serving",
                "0 of 2",
                $"{wrongShown} of 2",
                wrongShown == 0),
        ];
    }

    private async Task WriteAsync(string certificate, string key, CancellationToken cancel)
    {
        // One after the other, as people do it.
        await File.WriteAllTextAsync(Path.Combine(Folder, "tls.key"), key, cancel);
        await File.WriteAllTextAsync(Path.Combine(Folder, "tls.crt"), certificate, cancel);
    }

    private static (string Certificate, string Key, string Serial) Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n", certificate.SerialNumber);
    }

    private async Task<string?> SerialAsync(CancellationToken cancel)
    {
        await using var connection = await HandshakeAsync(cancel);
        return connection.Serial;
    }

    private async Task<TlsConnection> HandshakeAsync(CancellationToken cancel)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, site.HttpsPort, cancel);
        string? serial = null;
        var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                (serial = (certificate as X509Certificate2)?.SerialNumber) is not null,
        }, cancel);
        return new TlsConnection(client, stream, serial);
    }

    private static async Task<bool> TryConnectAsync(IPAddress address, int port, CancellationToken cancel)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address, port, cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(3), cancel);
            return true;
        }
        catch (Exception error) when (error is SocketException or TimeoutException)
        {
            return false;
        }
    }

    private sealed class TlsConnection(TcpClient client, SslStream stream, string? serial) : IAsyncDisposable
    {
        public string? Serial => serial;

        // True where the connection still gets answers.
        public async Task<bool> AskAsync(CancellationToken cancel)
        {
            try
            {
                await stream.WriteAsync("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), cancel);
                var answer = new byte[12];
                await stream.ReadExactlyAsync(answer, cancel);
                return answer.AsSpan().SequenceEqual("HTTP/1.1 200"u8);
            }
            catch (IOException)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            client.Dispose();
        }
    }
}
