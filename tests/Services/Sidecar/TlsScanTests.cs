using System.Text.Json;
using System.Xml.Linq;
using Samples.Services.Ambassador;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>What the scanners that auditors use say of the door.</summary>
public sealed class TlsScanTests
{
    [Fact]
    public async Task Sslscan_finds_nothing_below_TLS_1_2_and_no_weak_cipher()
    {
        var sslscan = ExternalTool.Require("sslscan", "sslscan");
        await using var door = await TlsDoor.OpenAsync();
        var said = await ExternalTool.RunAsync(sslscan, "--no-colour", "--xml=-", $"127.0.0.1:{door.Port}");
        var found = XDocument.Parse(said[said.IndexOf('<', StringComparison.Ordinal)..]).Descendants("ssltest").Single();
        Assert.Equal(
            ["tls 1.2", "tls 1.3"],
            found.Elements("protocol").Where(p => (string?)p.Attribute("enabled") == "1")
                .Select(p => $"{(string?)p.Attribute("type")} {(string?)p.Attribute("version")}"));
        Assert.All(found.Elements("heartbleed"), h => Assert.Equal("0", (string?)h.Attribute("vulnerable")));
        Assert.All(found.Elements("renegotiation"), r => Assert.Equal("0", (string?)r.Attribute("supported")));
        Assert.DoesNotContain(found.Elements("compression"), c => (string?)c.Attribute("supported") == "1");
        var ciphers = found.Elements("cipher").ToList();
        Assert.NotEmpty(ciphers);
        // Forward secrecy, and encryption that authenticates; what TLS 1.3 has, has both.
        Assert.All(ciphers, c =>
        {
            var name = (string?)c.Attribute("cipher") ?? "";
            Assert.True(
                name.StartsWith("TLS_", StringComparison.Ordinal) || name.StartsWith("ECDHE-", StringComparison.Ordinal), name);
            Assert.True(name.Contains("GCM", StringComparison.Ordinal) || name.Contains("POLY1305", StringComparison.Ordinal), name);
            Assert.Contains((string?)c.Attribute("strength"), new[] { "strong", "acceptable" });
            Assert.True((int?)c.Attribute("bits") >= 128, name);
        });
    }

    [Fact]
    public async Task Testssl_finds_nothing_below_TLS_1_2_and_no_weak_cipher()
    {
        var testssl = ExternalTool.Require("testssl", "testssl.sh");
        await using var door = await TlsDoor.OpenAsync();
        var file = Path.Combine(Directory.CreateTempSubdirectory("samples-testssl-").FullName, "found.json");
        // Protocols, categories of ciphers, forward secrecy.
        await ExternalTool.RunAsync(
            testssl, "--quiet", "--color", "0", "--warnings", "off", "-p", "-s", "-f", "--jsonfile", file, $"127.0.0.1:{door.Port}");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, Machine.Cancel));
        var found = json.RootElement.EnumerateArray().ToDictionary(
            f => f.GetProperty("id").GetString()!,
            f => (Severity: f.GetProperty("severity").GetString()!, Text: f.GetProperty("finding").GetString()!));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        Assert.Equal("OK", found["TLS1_2"].Severity);
        Assert.Equal("OK", found["TLS1_3"].Severity);
        Assert.Equal("OK", found["cipherlist_STRONG"].Severity);
        foreach (var id in new[] { "SSLv2", "SSLv3", "TLS1", "TLS1_1", "cipherlist_NULL", "cipherlist_LOW", "cipherlist_AVERAGE" })
            Assert.StartsWith("not offered", found[id].Text, StringComparison.Ordinal);
        Assert.DoesNotContain(found.Values, f => f.Severity is "LOW" or "MEDIUM" or "HIGH" or "CRITICAL");
    }
}
