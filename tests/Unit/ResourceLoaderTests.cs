using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

public sealed class ResourceLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-resources-").FullName;

    [Fact]
    public void A_component_is_read_with_its_variables_expanded()
    {
        var component = Assert.Single(Load(Valid("connectionString", "{dataDir}/s.db")).Components);
        Assert.Equal(("store", "state.sqlite", "/data/s.db"), (component.Name, component.Type, component.Metadata["CONNECTIONSTRING"]));
    }

    [Theory]
    [InlineData("kind: Component", "kind: Komponent", 1, "kind 'Komponent' is unknown")]
    [InlineData("  type: state.sqlite", "  type: state.sqllite", 6, "unknown type 'state.sqllite'. The embedded runtime has: ")]
    [InlineData(
            "  - name: connectionString", "  - name: conectionString", 9, "unknown setting 'conectionString'. Known: connectionString")]
    [InlineData("  version: v1", "  vresion: v1", 7, "unknown field 'vresion'. Known: type, version")]
    [InlineData("  name: store", "  label: store", 1, "no 'metadata.name'")]
    [InlineData("    value: a.db", "    value: [a", 10, "not YAML")]
    public void A_mistake_is_named_with_its_line_and_the_cure(string right, string wrong, int line, string message)
    {
        var error = Assert.Throws<ResourceException>(() => Load(Valid("connectionString", "a.db").Replace(right, wrong)));
        Assert.Contains(message, error.Message);
        Assert.InRange(error.Origin.Line, line - 1, line + 1);
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var wrong = Valid("conectionString", "a.db") + "\n---\n" + Valid("connectionString", "b.db").Replace("sqlite", "sqllite");
        var error = Assert.Throws<ResourceException>(() => Load(wrong));
        var told = error.Message.Split('\n');
        Assert.Equal(3, told.Length);
        Assert.Contains(":9: component 'store' (state.sqlite) has the unknown setting 'conectionString'", told[0]);
        Assert.Contains("lacks the setting 'connectionString'", told[1]);
        Assert.Contains("unknown type 'state.sqllite'", told[2]);
    }

    [Theory]
    [InlineData("services: {redis: {image: redis}}", "is no resource of Dapr's")]
    [InlineData("{apiVersion: v1, kind: Service}", "kind 'Service' means nothing to the embedded runtime")]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Configuration, spec: {}}", "name its file as 'configFilePath'")]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: x}, spec: {type: state.etcd, ignoreErrors: true}}",
        "component 'x' is left out: its type 'state.etcd' is unknown")]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: x}, spec: {type: state.etcd}, scopes: [other]}",
        "component 'x' is left out: its type 'state.etcd' is unknown")]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: x}, spec: {type: bindings.http, metadata: "
        + "[{name: url, value: 'http://localhost'}, {name: MTLSClientCert, value: a.pem}]}}",
        "the setting 'MTLSClientCert' of component 'x' (bindings.http) has no effect here")]
    public void What_Dapr_passes_over_is_a_warning_with_its_line(string document, string warning)
    {
        var resources = Load(Valid("connectionString", "a.db") + "\n---\n" + document);
        Assert.Contains(resources.Components, c => c.Name == "store");
        var told = Assert.Single(resources.Warnings);
        Assert.Contains("component.yaml:12", told);
        Assert.Contains(warning, told);
    }

    [Theory]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: x}, spec: {type: state.etcd}}",
        ":12: component 'x' has the unknown type 'state.etcd'")]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: x}, spec: {type: state.etcd}, scopes: [app]}",
        ":12: component 'x' has the unknown type 'state.etcd'")]
    [InlineData("{apiVersion: dapr.io/v1alpha1, kind: Componnet, metadata: {name: x}}",
        ":12: kind 'Componnet' is unknown. Known: Component")]
    public void Its_twin_with_a_mistake_is_refused(string document, string problem) => Assert.Contains(problem,
        Assert.Throws<ResourceException>(() => Load(Valid("connectionString", "a.db") + "\n---\n" + document)).Message);

    [Fact]
    public void A_required_setting_that_is_missing_is_named() =>
        Assert.Contains(
            "lacks the setting 'connectionString'", Assert.Throws<ResourceException>(() => Load(Valid("keyPrefix", "none"))).Message);

    [Fact]
    public void Two_components_of_one_name_are_refused() =>
        Assert.Contains("already defined", Assert.Throws<ResourceException>(
            () => Load(Valid("connectionString", "a.db") + "\n---\n" + Valid("connectionString", "b.db"))).Message);

    [Fact]
    public void A_path_that_does_not_exist_is_named() =>
        Assert.Contains(
            "does not exist",
            Assert.Throws<ResourceException>(
                () => ResourceLoader.Load([Path.Combine(_folder, "no")], "app", EngineCatalog.All.Values)).Message);

    private ResourceSet Load(string yaml)
    {
        File.WriteAllText(Path.Combine(_folder, "component.yaml"), yaml);
        return ResourceLoader.Load([_folder], "app", EngineCatalog.All.Values, new Dictionary<string, string> { ["dataDir"] = "/data" });
    }

    private static string Valid(string setting, string value) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: store
        spec:
          type: state.sqlite
          version: v1
          metadata:
          - name: {setting}
            value: {value.Replace("{", "'{").Replace("s.db", "s.db'")}
        """;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
