using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Samples.TlsSidecar;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>tls-sidecar as a process, before an application that shows what it was sent.</summary>
public sealed class TlsSidecarTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-tls-").FullName;
    private WebApplication _app = null!;
    private Service _sidecar = null!;
    private int _port;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(http => http.Response.WriteAsync(JsonSerializer.Serialize(
            http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToArray(), StringComparer.OrdinalIgnoreCase))));
        await _app.StartAsync(Cancel);
        _sidecar = Service.Start("Samples.TlsSidecar", Service.FreePort(), sidecar: null,
        [
            ("SITE", _app.Urls.Single()), ("SAMPLES_DATA", _folder), ("HTTPS_PORT", "0"),
            ("HANDSHAKE_SECONDS", "2"), ("CERT_PERIOD_MS", "50"),
        ]);
        await _sidecar.WaitReadyAsync(Cancel);
        _port = (await _sidecar.AskAsync(HttpMethod.Get, "/tls")).Body.GetProperty("httpsPort").GetInt32();
    }

    [Fact]
    public async Task The_application_sees_one_value_that_the_client_could_not_choose_and_https_and_HSTS_is_over_TLS_only()
    {
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{_port}/");
        string[] claimed = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "X-Real-IP"];
        foreach (var name in claimed)
            request.Headers.TryAddWithoutValidation(name, ["evil", "more"]);
        using var answer = await client.SendAsync(request, Cancel);
        var seen = JsonSerializer.Deserialize<Dictionary<string, string[]>>(await answer.Content.ReadAsStringAsync(Cancel))!;
        var claims = seen.Where(h => h.Key.Contains("orwarded", StringComparison.OrdinalIgnoreCase) || h.Key == "X-Real-IP")
            .OrderBy(h => h.Key).Select(h => $"{h.Key}: {string.Join('|', h.Value)}");
        Assert.Equal(["X-Forwarded-For: 127.0.0.1", $"X-Forwarded-Host: localhost:{_port}", "X-Forwarded-Proto: https"], claims);
        Assert.Equal([$"localhost:{_port}"], seen["Host"]);
        Assert.Contains("max-age=31536000", answer.Headers.GetValues("Strict-Transport-Security"));
        using var plain = await _sidecar.Http.GetAsync("/healthz", Cancel);
        Assert.False(plain.Headers.Contains("Strict-Transport-Security"));
    }

    [Fact]
    public async Task A_hundred_clients_that_never_say_hello_are_not_noticed_and_are_gone_after_the_deadline()
    {
        var silent = new List<TcpClient>();
        for (var i = 0; i < 100; i++)
        {
            silent.Add(new TcpClient());
            await silent[^1].ConnectAsync(IPAddress.Loopback, _port, Cancel);
        }

        using var client = Client();
        using var answer = await client.GetAsync($"https://localhost:{_port}/", Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        foreach (var one in silent)
        {
            Assert.Equal(0, await EndAsync(one));
            one.Dispose();
        }
    }

    [Fact]
    public async Task HTTP_2_is_spoken_and_TLS_below_1_2_is_refused()
    {
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{_port}/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpVersion.Version20, answer.Version);
        var openssl = Ambassador.ExternalTool.Require("openssl", "openssl");
        var said = await Ambassador.ExternalTool.RunAsync(
            openssl, "s_client", "-connect", $"127.0.0.1:{_port}", "-tls1_1", "-cipher", "ALL@SECLEVEL=0");
        Assert.DoesNotContain("Protocol  : TLSv1.1\n    Cipher    : ECDHE", said, StringComparison.Ordinal);
        Assert.Contains("alert", said, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_application_that_is_down_is_a_502_at_once()
    {
        await _app.StopAsync(Cancel);
        using var client = Client();
        using var answer = await client.GetAsync($"https://localhost:{_port}/", Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public void A_pair_that_does_not_fit_a_half_written_file_and_a_chain_in_the_wrong_order_are_refused_with_a_message()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=root", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var rootCertificate = root.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256)
            .Create(rootCertificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3]);
        var (own, issuer, keyPem) = (leaf.ExportCertificatePem(), rootCertificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        Assert.Equal("CN=leaf", CertificatePair.Read($"{own}\n{issuer}\n", keyPem, DateTimeOffset.UtcNow).Leaf.Subject);
        var wrongOrder = Assert.Throws<CryptographicException>(() =>
            CertificatePair.Read($"{issuer}\n{own}\n", keyPem, DateTimeOffset.UtcNow));
        Assert.Contains("issue", wrongOrder.Message, StringComparison.Ordinal);
        var wrongKey = Assert.Throws<CryptographicException>(() =>
            CertificatePair.Read(own, rootKey.ExportPkcs8PrivateKeyPem(), DateTimeOffset.UtcNow));
        Assert.Contains("key", wrongKey.Message, StringComparison.Ordinal);
        Assert.Throws<CryptographicException>(() => CertificatePair.Read(own[..(own.Length / 2)], keyPem, DateTimeOffset.UtcNow));
        Assert.Throws<CryptographicException>(() => CertificatePair.Read(own, keyPem[..(keyPem.Length / 2)], DateTimeOffset.UtcNow));
        var tooLate = Assert.Throws<CryptographicException>(() => CertificatePair.Read(own, keyPem, DateTimeOffset.UtcNow.AddDays(9)));
        Assert.Contains("ended", tooLate.Message, StringComparison.Ordinal);
    }

    private static async Task<int> EndAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static HttpClient Client() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
    });

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
