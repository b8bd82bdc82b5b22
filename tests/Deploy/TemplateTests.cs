using Xunit;

namespace Samples.Deploy;

/// <summary>
/// Every <c>dapr.yaml</c> is what Dapr CLI 1.18 reads. The CLI drops a field that it does not know without a word, so that a typo would
/// show only in how an application behaves.
/// </summary>
public sealed class TemplateTests
{
    private static readonly string[] Top = ["version", "name", "common", "apps"];

    private static readonly string[] Common =
    [
        "apiListenAddresses", "appHealthCheckPath", "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold",
        "appLogDestination", "appMaxConcurrency",
        "appProtocol", "appSSL", "configFilePath", "daprdLogDestination", "enableApiLogging", "enableAppHealthCheck", "enableProfiling",
        "env", "logLevel",
        "maxBodySize", "placementHostAddress", "readBufferSize", "resourcesPath", "resourcesPaths", "runtimePath", "schedulerHostAddress",
    ];

    private static readonly string[] App =
    [
        .. Common, "appID", "appDirPath", "command", "appPort", "appChannelAddress", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort",
        "metricsPort", "profilePort",
        "unixDomainSocket", "containerImage", "containerImagePullPolicy", "createService",
    ];

    // The CLI would take free ports, and what a page says would be wrong; the default of the metrics port is the same for all.
    private static readonly string[] Ports = ["appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort"];

    [Fact]
    public void Has_only_fields_that_the_cli_reads()
    {
        foreach (var template in Checkout.Templates)
        {
            var root = Checkout.ReadYaml(template).Single();
            Assert.Equal("1", root.Text("version"));
            Assert.Empty(root.Fields().Select(f => f.Key).Except(Top));
            Assert.Empty(root.Find("common").Fields().Select(f => f.Key).Except(Common));
            foreach (var app in root.Items("apps"))
                Assert.All(app.Fields(), f => Assert.True(App.Contains(f.Key), $"{template}: '{app.Text("appID")}' has a field '{f.Key}'"));
        }
    }

    [Fact]
    public void Names_only_paths_that_exist()
    {
        foreach (var template in Checkout.Templates)
        {
            var folder = Path.GetDirectoryName(template)!;
            var common = Checkout.ReadYaml(template).Single().Find("common");
            string[] keys = ["resourcesPath", "resourcesPaths", "configFilePath"];
            foreach (var path in keys.SelectMany(k => common?.Texts(k) ?? []))
                Assert.True(Path.Exists(Path.GetFullPath(path, folder)), $"{template}: {path}");
        }

        foreach (var entry in Checkout.Entries)
        {
            var directory = Path.GetFullPath(entry.Node.Text("appDirPath"), entry.Folder);
            Assert.True(Directory.Exists(directory), $"{entry.Name}: {directory}");
            // A build puts the assembly there; whether it has run is not this test's business.
            Assert.True(Checkout.Projects.ContainsKey(entry.Assembly), $"{entry.Name} starts {entry.Assembly}, which no project makes");
            Assert.Equal(
                Checkout.Full($"artifacts/bin/{entry.Assembly}/debug/{entry.Assembly}.dll"),
                Path.GetFullPath(entry.Node.Texts("command")[1], directory));
            Assert.StartsWith(entry.Folder, entry.Project);
        }
    }

    [Fact]
    public void Ports_are_written_down_and_unique_over_the_suite()
    {
        var own = Checkout.Entries.SelectMany(e => Ports.Select(p => (Port: e.Node.Text(p), Of: $"{p} of {e.Name}")));
        // Ports that a service opens itself.
        var further = Checkout.Entries.SelectMany(e => e.Environment
            .Where(v => v.Key.EndsWith("_PORT", StringComparison.Ordinal))
            .Select(v => (Port: v.Value, Of: $"{v.Key} of {e.Name}")));
        foreach (var port in own.Concat(further).GroupBy(p => p.Port))
            Assert.True(port.Count() == 1, $"{port.Key}: {string.Join(", ", port.Select(p => p.Of))}");
    }

    [Fact]
    public void An_app_id_is_the_project_in_kebab_case_and_belongs_to_one_pattern()
    {
        Assert.All(Checkout.Entries, e => Assert.Matches($"^{Checkout.Kebab(Path.GetFileName(e.Project))}(-[0-9a-z])*$", e.AppId));
        Assert.All(Checkout.Entries.GroupBy(e => e.AppId), e => Assert.Single(e.Select(r => r.Pattern).Distinct()));
    }

    [Fact]
    public void Replicas_differ_in_nothing_but_ports()
    {
        string Rest(TemplateEntry entry) => string.Join(
            '\n', entry.Node.Fields().Where(f => !Ports.Contains(f.Key)).Select(f => $"{f.Key}: {f.Value}").Order());
        Assert.All(Checkout.Entries.GroupBy(e => e.AppId), replicas => Assert.Single(replicas.Select(Rest).Distinct()));
        // Relative paths in components resolve in the app's folder: one folder for all, or replicas would not share their files.
        Assert.All(
            Checkout.Entries.GroupBy(e => e.Template),
            template => Assert.Single(template.Select(e => e.Node.Text("appDirPath")).Distinct()));
    }
}
