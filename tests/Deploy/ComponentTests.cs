using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Deploy;

/// <summary>The component sets are exchangeable: the same names everywhere, and all that the services ask for.</summary>
public sealed partial class ComponentTests
{
    // Whole sets; the other folders below components/ replace single components of these.
    private static readonly string[] Sets =
        ["components/embedded", "components/redis", "deploy/docker/components", "deploy/kubernetes/base/dapr"];

    public static TheoryData<string> AllSets => new(Sets);

    public static TheoryData<string> DropIns =>
        new(Directory.EnumerateDirectories(Checkout.Full("components")).Select(d => "components/" + Path.GetFileName(d)).Except(Sets));

    [Theory]
    [MemberData(nameof(AllSets))]
    public void A_set_has_the_names_of_all_sets(string set) => Assert.Equal(KindsOf("components/embedded").Order(), KindsOf(set).Order());

    [Theory]
    [MemberData(nameof(DropIns))]
    public void A_drop_in_replaces_what_the_sets_have(string folder)
    {
        Assert.NotEmpty(KindsOf(folder));
        Assert.Empty(KindsOf(folder).Except(KindsOf("components/embedded")));
    }

    [Theory]
    [MemberData(nameof(AllSets))]
    [MemberData(nameof(DropIns))]
    public void A_component_stands_in_a_file_of_its_name_and_has_no_other_fields(string folder)
    {
        var files = Directory.EnumerateFiles(Checkout.Full(folder), "*.yaml");
        foreach (var file in files.Where(f => Path.GetFileName(f) is not ("kustomization.yaml" or "config.yaml")))
        {
            var component = Checkout.ReadYaml(file).Single();
            Assert.Equal(
                ("dapr.io/v1alpha1", "Component", Path.GetFileNameWithoutExtension(file)),
                (component.Text("apiVersion"), component.Text("kind"), component.Text("metadata", "name")));
            Assert.Empty(component.Fields().Select(f => f.Key).Except(["apiVersion", "kind", "metadata", "spec", "auth", "scopes"]));
            Assert.Empty(
                component.At("spec").Fields().Select(f => f.Key).Except(["type", "version", "metadata", "initTimeout", "ignoreErrors"]));
            Assert.All(
                component.Items("spec", "metadata"),
                item => Assert.Single(item.Fields().Select(f => f.Key).Except(["name"]), f => f is "value" or "secretKeyRef" or "envRef"));
        }
    }

    [Fact]
    public void Compose_uses_the_redis_set_on_another_host()
    {
        foreach (var file in Directory.EnumerateFiles(Checkout.Full("components/redis"), "*.yaml"))
            Assert.Equal(
                Settings(file).Select(s => s.Replace("localhost:6379", "redis:6379")),
                Settings(Checkout.Full($"deploy/docker/components/{Path.GetFileName(file)}")));
    }

    [Fact]
    public void Kubernetes_uses_the_redis_set_with_a_password()
    {
        var files = Directory.EnumerateFiles(Checkout.Full("components/redis"), "*.yaml");
        foreach (var file in files.Where(f => Settings(f).Any(s => s.StartsWith("redisHost", StringComparison.Ordinal))))
            Assert.Equal(
                Settings(file).Select(s => s.Replace("localhost:6379", "redis:6379")),
                Settings(Checkout.Full($"deploy/kubernetes/base/dapr/{Path.GetFileName(file)}")));
    }

    // What belongs to one pattern alone, such as a binding to its folder.
    private static IEnumerable<string> OwnOf(string file)
    {
        var pattern = Path.Combine([.. Path.GetRelativePath(Checkout.Root, file).Split(Path.DirectorySeparatorChar).Take(3)]);
        var folder = Checkout.Full(Path.Combine(pattern, "components"));
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)) : [];
    }

    [Fact]
    public void Services_ask_for_nothing_that_a_set_lacks()
    {
        var names = KindsOf("components/embedded").Select(k => k.Split('=')[0]).ToHashSet();
        var asked = Checkout.Sources.SelectMany(s => Named().Matches(s.Text).Select(m => (s.File, Name: m.Groups["name"].Value))).ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, a => Assert.True(
            names.Contains(a.Name) || OwnOf(a.File).Contains(a.Name), $"{a.File} asks for the component '{a.Name}'"));
        // Or in the environment.
        foreach (var entry in Checkout.Entries)
            Assert.All(entry.Environment.Where(v => IsStore().IsMatch(v.Key)), v => Assert.Contains(v.Value, names));
    }

    [Fact]
    public void Resiliency_names_apps_and_components_that_exist()
    {
        var components = KindsOf("components/embedded").Select(k => k.Split('=')[0]).ToHashSet();
        var apps = Checkout.Entries.Select(e => e.AppId).ToHashSet();
        var files = Directory.EnumerateFiles(Checkout.Root, "resiliency.yaml", SearchOption.AllDirectories)
            .Where(f => !f.Contains("artifacts", StringComparison.Ordinal));
        foreach (var (file, targets) in files.Select(f => (f, Checkout.ReadYaml(f).Single().Find("spec", "targets"))))
        {
            Assert.All(targets?.Find("apps").Fields() ?? [], a => Assert.True(apps.Contains(a.Key), $"{file}: {a.Key}"));
            Assert.All(targets?.Find("components").Fields() ?? [], c => Assert.True(components.Contains(c.Key), $"{file}: {c.Key}"));
        }
    }

    // name=kind, such as statestore=state.
    private static List<string> KindsOf(string folder) => [.. Directory.EnumerateFiles(Checkout.Full(folder), "*.yaml")
        .SelectMany(Checkout.ReadYaml)
        .Where(d => d.Text("kind") == "Component").Select(d => $"{d.Text("metadata", "name")}={d.Text("spec", "type").Split('.')[0]}")];

    private static IEnumerable<string> Settings(string file)
    {
        var spec = Checkout.ReadYaml(file).Single().At("spec");
        return spec.Items("metadata").Where(m => m.Find("value") is not null).Select(m => $"{m.Text("name")}={m.Text("value")}").Order()
            .Prepend(spec.Text("type"));
    }

    // How services name a component: as the default of a setting, or in a topic.
    [GeneratedRegex(
        """(?:_STORE|PUBSUB|_BINDING)"\]\s*\?\?\s*"(?<name>[a-z-]+)"|"""
        + """(?:Topic\(|WithTopic\()"(?<name>[a-z-]+)"|Store = "(?<name>[a-z-]+)";""")]
    private static partial Regex Named();

    [GeneratedRegex("(_STORE|PUBSUB)$")]
    private static partial Regex IsStore();
}
