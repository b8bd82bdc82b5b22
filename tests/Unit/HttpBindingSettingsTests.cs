using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>The settings of <c>bindings.http</c> that Dapr documents, each by what a server sees or a caller gets.</summary>
public sealed class HttpBindingSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-http-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("4", 4)]
    [InlineData("1k", 1000)]
    [InlineData("1Ki", 1024)]
    [InlineData("1Mi", 5000)]
    [InlineData("", 5000)]
    public async Task No_more_of_an_answer_is_read_than_asked(string most, int read)
    {
        await using var server = await ServeAsync(null);
        await using var binding = Bind(server, ("maxResponseBodySize", most));
        Assert.Equal(read, (await CallAsync(binding, "long")).Length);
    }

    [Fact]
    public async Task Each_request_carries_the_token()
    {
        await using var server = await ServeAsync(null);
        await using var with = Bind(server, ("securityToken", "s3cret"), ("securityTokenHeader", "X-Token"));
        await using var without = Bind(server);
        Assert.Equal("s3cret", await CallAsync(with, "token"));
        Assert.Equal("", await CallAsync(without, "token"));
    }

    [Fact]
    public async Task A_server_is_trusted_whom_the_given_root_vouches_for()
    {
        var (root, server) = Certificates("root of this test");
        var (stranger, _) = Certificates("root of another");
        await using var host = await ServeAsync(server);
        await File.WriteAllTextAsync(Path.Combine(_folder, "root.pem"), root, Cancel);
        foreach (var trusted in new[] { root, "root.pem" })
        {
            await using var binding = Bind(host, ("MTLSRootCA", trusted));
            Assert.Equal(5000, (await CallAsync(binding, "long")).Length);
        }

        await using var machine = Bind(host);
        await Assert.ThrowsAsync<EngineTargetException>(() => CallAsync(machine, "long"));
        await using var other = Bind(host, ("MTLSRootCA", stranger));
        await Assert.ThrowsAsync<EngineTargetException>(() => CallAsync(other, "long"));
    }

    [Theory]
    [InlineData("maxResponseBodySize", "1 page", "'maxResponseBodySize' of component 'site' is '1 page', which is no size. Write for")]
    [InlineData("securityToken", "s3cret", "'securityToken' of component 'site' is given without 'securityTokenHeader'. Name the header")]
    [InlineData("MTLSRootCA", "nowhere.pem", "'MTLSRootCA' of component 'site' cannot be read: ")]
    [InlineData("MTLSRootCA", "-----BEGIN NOTHING-----", "'MTLSRootCA' of component 'site' holds no certificate. Write a certificate")]
    public void A_wrong_value_is_named_with_its_line_and_the_cure(string key, string value, string message)
    {
        var error = Assert.Throws<ResourceException>(() => Bind("http://localhost", (key, value)));
        Assert.Contains(message, error.Message);
        Assert.Equal(7, error.Origin.Line);
    }

    private IOutputBinding Bind(WebApplication server, params (string Key, string Value)[] settings) =>
        Bind(server.Urls.First(), settings);

    private IOutputBinding Bind(string url, params (string Key, string Value)[] settings)
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["url"] = url };
        foreach (var (key, value) in settings)
            metadata[key] = value;
        var component = new Component("site", "bindings.http", "v1", metadata, Origin.Code)
        {
            MetadataOrigins = settings.ToDictionary(s => s.Key, _ => new Origin("site.yaml", 7)),
        };
        return (IOutputBinding)EngineCatalog.All["bindings.http"].Create(
            component, new EngineContext(_folder, TimeProvider.System, NullLoggerFactory.Instance));
    }

    private static async Task<string> CallAsync(IOutputBinding binding, string path)
    {
        var result = await binding.InvokeAsync("get", default, new Dictionary<string, string> { ["path"] = path }, Cancel);
        return Encoding.UTF8.GetString(result.Data.Span);
    }

    private static async Task<WebApplication> ServeAsync(X509Certificate2? certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        app.MapGet("/long", () => new string('x', 5000));
        app.MapGet("/token", (HttpRequest request) => request.Headers["X-Token"].ToString());
        await app.StartAsync(Cancel);
        return app;
    }

    // A root in PEM, and what it vouches for.
    private static (string Root, X509Certificate2 Server) Certificates(string name)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest($"CN={name}", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(root, from, to, [1]);
        using var whole = signed.CopyWithPrivateKey(key);
        // With its key in memory alone, not every system can serve it.
        return (root.ExportCertificatePem(), X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
