using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Samples.Runtime;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Conformance;

/// <summary>Endpoints outside of Dapr whose headers are secrets, and that are known by certificates of their own.</summary>
public sealed class HttpEndpointTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task A_header_may_be_a_secret()
    {
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "secrets.json"), """{"key": "s3cr3t"}""", Machine.Cancel);
        var outside = await _machine.StartAppAsync(
            app => app.MapGet("/a", (HttpContext http) => http.Request.Headers["x-key"].ToString()));
        var secrets = Machine.Component("secrets", "secretstores.local.file", ("secretsFile", "secrets.json"));
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), secrets + $$"""
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: {name: outside}
            spec:
              baseUrl: http://127.0.0.1:{{outside}}
              headers:
              - name: x-key
                secretKeyRef: {name: key, key: key}
            auth: {secretStore: secrets}
            """));
        Assert.Equal((200, "s3cr3t"), await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/outside/method/a"));
    }

    [Theory, InlineData(true, true, 200), InlineData(false, true, 500), InlineData(true, false, 500)]
    public async Task Certificates_of_both_sides_are_checked(bool knowsTheRoot, bool showsItsOwn, int status)
    {
        using var root = Root("root");
        using var stranger = Root("stranger");
        using var server = Issue(root, "localhost");
        using var client = Issue(root, "caller");
        var outside = await _machine.StartAppAsync(
            app => app.MapGet("/who", (HttpContext http) => http.Connection.ClientCertificate?.Subject),
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(https =>
                {
                    // A key that was read from a text is of no use to some platforms before it was stored once.
                    https.ServerCertificate = X509CertificateLoader.LoadPkcs12(server.Export(X509ContentType.Pkcs12), null);
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => certificate.Thumbprint == client.Thumbprint;
                });
            })));
        var endpoint = $"""
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata:
              name: outside
            spec:
              baseUrl: https://localhost:{outside}
              clientTLS:
                rootCA:
                  value: {Text((knowsTheRoot ? root : stranger).ExportCertificatePem())}
            """ + (showsItsOwn ? $"""

                certificate:
                  value: {Text(client.ExportCertificatePem())}
                privateKey:
                  value: {Text(client.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem())}
            """ : "");
        using var http = Machine.Http(await _machine.StartAsync(new SidecarOptions("caller"), endpoint));
        var answer = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/invoke/outside/method/who");
        Assert.Equal(status, answer.Status);
        if (status == 200)
            Assert.Equal("CN=caller", answer.Body);
        else
            Assert.Contains("ERR_DIRECT_INVOKE", answer.Body);
    }

    [Theory, EmbeddedOnly("daprd finds out at the first call")]
    [InlineData("{rootCA: {value: no certificate}}", "cannot be read as certificates")]
    [InlineData("{certificate: {value: one half}}", "cannot be read as certificates")]
    [InlineData("{rootCa: {value: x}}", "unknown field 'rootCa'")]
    [InlineData("{privateKey: {secretKeyRef: {name: k, key: k}}}", "names no secret store")]
    public async Task What_cannot_be_used_stops_the_start(string tls, string problem)
    {
        var error = await Assert.ThrowsAsync<ResourceException>(() => _machine.StartAsync(new SidecarOptions("caller"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: {name: outside}
            spec:
              baseUrl: https://localhost:1
              clientTLS: {{tls}}
            """));
        Assert.Contains(problem, error.Message);
        Assert.Contains("HTTPEndpoint 'outside'", error.Message);
    }

    private static string Text(string pem) => System.Text.Json.JsonSerializer.Serialize(pem);

    private static X509Certificate2 Root(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 root, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(root, root.NotBefore, root.NotAfter, Guid.NewGuid().ToByteArray());
        return issued.CopyWithPrivateKey(key);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
