using k8s;
using k8s.Models;
using YamlDotNet.RepresentationModel;

namespace Samples.Deploy;

/// <summary>The Kubernetes files: what Kubernetes knows as KubernetesClient's models, the rest as YAML.</summary>
internal static class Cluster
{
    private static readonly Dictionary<string, Type> Known = new()
    {
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet),
        ["v1/Service"] = typeof(V1Service),
        ["v1/Namespace"] = typeof(V1Namespace),
        ["v1/ServiceAccount"] = typeof(V1ServiceAccount),
        ["v1/PersistentVolumeClaim"] = typeof(V1PersistentVolumeClaim),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["rbac.authorization.k8s.io/v1/Role"] = typeof(V1Role),
        ["rbac.authorization.k8s.io/v1/RoleBinding"] = typeof(V1RoleBinding),
    };

    public static string Folder { get; } = Checkout.Full("deploy/kubernetes");

    /// <summary>What all patterns share, and the folder of each.</summary>
    public static IEnumerable<string> Files =>
        Checkout.Templates.Select(t => Path.Combine(Path.GetDirectoryName(t)!, "kubernetes")).Where(Directory.Exists).Prepend(Folder)
        .SelectMany(f => Directory.EnumerateFiles(f, "*.yaml", SearchOption.AllDirectories)).Order(StringComparer.Ordinal);

    public static IEnumerable<string> Kustomizations => Files.Where(f => Path.GetFileName(f) == "kustomization.yaml");

    /// <summary>Every object that Kubernetes itself knows; a field that it does not know is an error here.</summary>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects { get; } =
    [
        .. Others(Known.ContainsKey).SelectMany(o => KubernetesYaml.LoadAllFromString(Write(o), Known, strict: true))
            .Cast<IKubernetesObject<V1ObjectMeta>>(),
    ];

    /// <summary>Objects of Dapr and KEDA.</summary>
    public static IReadOnlyList<YamlNode> Custom { get; } =
        [.. Others(k => !Known.ContainsKey(k) && !k.EndsWith("/Kustomization", StringComparison.Ordinal))];

    public static IEnumerable<Workload> Workloads =>
    [
        .. Objects.OfType<V1Deployment>()
            .Select(d => new Workload(d.Metadata.Name, d.Spec.Replicas ?? 1, d.Spec.Selector, d.Spec.Template)),
        .. Objects.OfType<V1StatefulSet>()
            .Select(s => new Workload(s.Metadata.Name, s.Spec.Replicas ?? 1, s.Spec.Selector, s.Spec.Template)),
    ];

    /// <summary>Those with a sidecar of Dapr's.</summary>
    public static IEnumerable<Workload> Apps => Workloads.Where(w => w.Annotation("dapr.io/enabled") == "true");

    private static IEnumerable<YamlNode> Others(Func<string, bool> kind) =>
        Files.SelectMany(Checkout.ReadYaml).Where(d => kind($"{d.Text("apiVersion")}/{d.Text("kind")}"));

    private static string Write(YamlNode node)
    {
        using var writer = new StringWriter();
        new YamlStream(new YamlDocument(node)).Save(writer, assignAnchors: false);
        return writer.ToString();
    }
}

/// <summary>Pods of one kind.</summary>
internal sealed record Workload(string Name, int Replicas, V1LabelSelector Selector, V1PodTemplateSpec Template)
{
    public V1PodSpec Pod => Template.Spec;

    /// <summary>The container of the service; an application of an ambassador stands beside it.</summary>
    public V1Container Container => Pod.Containers[0];

    public string? Annotation(string name) => Template.Metadata.Annotations?.TryGetValue(name, out var value) == true ? value : null;

    public string? Variable(string name) => Container.Env?.FirstOrDefault(e => e.Name == name)?.Value;
}
