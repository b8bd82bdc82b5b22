using System.Diagnostics;
using System.Text.RegularExpressions;
using k8s.Models;
using Xunit;

namespace Samples.Deploy;

/// <summary>
/// The Kubernetes files say what the run templates, the projects and the services say, and keep the rules of pods that may run anywhere.
/// </summary>
public sealed partial class KubernetesTests
{
    // Of Dapr 1.18; the injector passes over one that it does not know.
    private static readonly string[] Annotations =
    [
        "dapr.io/enabled", "dapr.io/app-id", "dapr.io/app-port", "dapr.io/app-protocol", "dapr.io/config", "dapr.io/log-as-json",
        "dapr.io/log-level",
        "dapr.io/sidecar-cpu-request", "dapr.io/sidecar-cpu-limit", "dapr.io/sidecar-memory-request", "dapr.io/sidecar-memory-limit",
        "dapr.io/sidecar-seccomp-profile-type",
        "dapr.io/block-shutdown-duration", "dapr.io/graceful-shutdown-seconds", "dapr.io/api-token-secret", "dapr.io/app-token-secret",
        "dapr.io/max-body-size",
        "dapr.io/app-max-concurrency", "dapr.io/enable-app-health-check", "dapr.io/app-health-check-path",
            "dapr.io/app-health-probe-interval",
        "dapr.io/enable-native-sidecar",
        "dapr.io/metrics-port", "dapr.io/volume-mounts", "dapr.io/volume-mounts-rw",
    ];

    private static IEnumerable<TemplateEntry> Entries => Checkout.Entries.Where(e => !e.IsStandIn);

    [Fact]
    public void Every_app_of_the_templates_runs_with_its_image_and_nothing_else_does()
    {
        var images = Entries.Where(e => e.HasOwnPod).DistinctBy(e => e.AppId).ToDictionary(e => e.AppId, e => e.Image);
        Assert.Equal(images.Keys.Order(), Cluster.Apps.Select(w => w.Annotation("dapr.io/app-id")).Order());
        foreach (var app in Cluster.Apps)
        {
            // Another tag, and another registry, is the overlay's affair.
            Assert.Equal((app.Name, images[app.Name] + ":latest"), (app.Annotation("dapr.io/app-id"), app.Container.Image));
            Assert.Equal(app.Name, app.Variable("APP_ID"));
            Assert.Contains(
                Cluster.Custom, c => c.Text("kind") == "Configuration" && c.Text("metadata", "name") == app.Annotation("dapr.io/config"));
            Assert.Empty(
                app.Template.Metadata.Annotations.Keys.Where(k => k.StartsWith("dapr.io/", StringComparison.Ordinal)).Except(Annotations));
        }
    }

    [Fact]
    public void Containers_of_one_pod_see_each_others_processes()
    {
        foreach (var pod in Entries.Where(e => !e.HasOwnPod).GroupBy(e => e.Pod))
        {
            var workload = Cluster.Apps.Single(w => w.Name == pod.Key);
            Assert.True(workload.Pod.ShareProcessNamespace);
            Assert.Equal(
                pod.Select(e => (e.AppId, e.Image + ":latest")).Append((pod.Key, $"samples/{pod.Key}:latest")).Order(),
                workload.Pod.Containers.Select(c => (c.Name, c.Image)).Order());
        }
    }

    [Fact]
    public void Ports_agree_from_the_image_to_the_sidecar()
    {
        var listens = int.Parse(ImagePort().Match(File.ReadAllText(Checkout.Full("deploy/docker/Dockerfile"))).Groups[1].Value);
        foreach (var app in Cluster.Apps)
        {
            // A door of another protocol may stand beside it.
            var port = Assert.Single(app.Container.Ports, p => p.Name == "http");
            Assert.Equal((listens, $"{listens}", "http"), (port.ContainerPort, app.Annotation("dapr.io/app-port"), port.Name));
            Assert.All(
                new[] { app.Container.LivenessProbe, app.Container.ReadinessProbe }, p => Assert.Equal(port.Name, p.HttpGet.Port.Value));
        }

        foreach (var service in Cluster.Objects.OfType<V1Service>())
        {
            var behind = Assert.Single(Cluster.Workloads, w => Selects(service.Spec.Selector, w));
            var open = behind.Pod.Containers.SelectMany(c => c.Ports ?? []).ToList();
            Assert.All(
                service.Spec.Ports, p => Assert.Contains(open, c => c.Name == p.TargetPort.Value && c.ContainerPort == p.Port));
        }
    }

    [Fact]
    public void Probes_ask_what_services_answer()
    {
        var defaults = File.ReadAllText(Checkout.Full("services/defaults/Samples.Defaults/ServiceDefaults.cs"));
        foreach (var app in Cluster.Apps)
        {
            Assert.Equal(("/healthz", "/readyz"), (app.Container.LivenessProbe.HttpGet.Path, app.Container.ReadinessProbe.HttpGet.Path));
            Assert.All(
                new[] { app.Container.LivenessProbe, app.Container.ReadinessProbe },
                p => Assert.Contains($"MapGet(\"{p.HttpGet.Path}\"", defaults));
            // Who balances load must see "not ready" twice before the service stops to listen, and the sidecar must outlive the service.
            var notice = int.Parse(app.Variable("DRAIN_NOTICE_MS")!);
            Assert.True(notice >= 2000 * app.Container.ReadinessProbe.PeriodSeconds, app.Name);
            Assert.True(app.Pod.TerminationGracePeriodSeconds * 1000 > notice + 9000, app.Name);
        }
    }

    [Fact]
    public void Environment_agrees_with_the_templates_where_both_must()
    {
        // Sizes and times may differ; names of others and the shape of the data may not.
        string[] same = ["PARTITIONS", "LEAF", "LEAVES", "EXPERIMENT", "PRODUCTION", "EXPERIMENT_ARM", "RESP_PORT", "BROKER_PORT"];
        foreach (var entry in Entries)
        {
            var app = Cluster.Apps.Single(w => w.Name == (entry.HasOwnPod ? entry.AppId : entry.Pod));
            Assert.All(
                entry.Environment.Where(v => same.Contains(v.Key) || v.Key.EndsWith("_APP_ID", StringComparison.Ordinal)),
                v => Assert.Equal($"{v.Key}={v.Value}", $"{v.Key}={app.Variable(v.Key)}"));
        }
    }

    [Fact]
    public void Every_pod_may_run_where_little_is_allowed()
    {
        foreach (var workload in Cluster.Workloads)
        {
            Assert.True(workload.Pod.SecurityContext is { RunAsNonRoot: true, SeccompProfile.Type: "RuntimeDefault" }, workload.Name);
            foreach (var container in workload.Pod.Containers)
            {
                Assert.True(
                    container.SecurityContext is { AllowPrivilegeEscalation: false, ReadOnlyRootFilesystem: true },
                    $"{workload.Name}/{container.Name}");
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                Assert.Equal(["cpu", "memory"], container.Resources.Requests.Keys.Order());
                Assert.Contains("memory", container.Resources.Limits.Keys);
                Assert.All(
                    container.VolumeMounts ?? [],
                    m => Assert.Contains(workload.Pod.Volumes?.Select(v => v.Name) ?? ["data"], v => v == m.Name));
            }
        }
    }

    [Fact]
    public void Selectors_select_their_own_pods_and_several_replicas_are_not_taken_away_at_once()
    {
        foreach (var workload in Cluster.Workloads)
        {
            Assert.True(Selects(workload.Selector.MatchLabels, workload), workload.Name);
            if (workload.Replicas > 1 && workload.Annotation("dapr.io/enabled") is not null)
                Assert.Single(Cluster.Objects.OfType<V1PodDisruptionBudget>(), b => Selects(b.Spec.Selector.MatchLabels, workload));
        }

        // One workload's replicas, or those that are a workload each because somebody has to ask them by name.
        foreach (var budget in Cluster.Objects.OfType<V1PodDisruptionBudget>())
        {
            var selected = Cluster.Workloads.Where(w => Selects(budget.Spec.Selector.MatchLabels, w)).ToList();
            Assert.NotEmpty(selected);
            Assert.All(selected, w => Assert.StartsWith(budget.Metadata.Name, w.Name, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Network_policies_begin_with_nothing_and_name_pods_that_exist()
    {
        var policies = Cluster.Objects.OfType<V1NetworkPolicy>().ToList();
        Assert.Contains(policies, ForbidsAll);
        var named = policies.SelectMany(Selectors).Where(s => s?.MatchLabels is { Count: > 0 });
        Assert.All(named, s => Assert.Contains(Cluster.Workloads, w => Selects(s!.MatchLabels, w)));
        // Whoever has a Service is meant to be reached.
        var doors = policies.Single(p => p.Metadata.Name == "front-doors");
        // A headless one names replicas to those who balance over them, who have a policy of their own.
        var services = Cluster.Objects.OfType<V1Service>().Where(s => s.Spec.ClusterIP != "None");
        foreach (var service in services.Where(s => Cluster.Apps.Any(a => Selects(s.Spec.Selector, a))))
        {
            var app = Cluster.Apps.Single(a => Selects(service.Spec.Selector, a));
            if (service.Spec.Ports.Single().TargetPort.Value != "http")
            {
                // A door of another protocol has a policy of its own.
                var port = app.Container.Ports.Single(p => p.Name == service.Spec.Ports.Single().TargetPort.Value).ContainerPort;
                Assert.Contains(policies, p => p.Spec.PodSelector.MatchLabels is { Count: > 0 } labels && Selects(labels, app)
                    && p.Spec.Ingress?.Any(i => i.FromProperty is null && i.Ports.Any(o => o.Port.Value == $"{port}")) == true);
                continue;
            }

            Assert.True(Selects(doors.Spec.PodSelector.MatchLabels, app), service.Metadata.Name);
            Assert.Equal($"{service.Spec.Ports.Single().Port}", doors.Spec.Ingress.Single().Ports.Single().Port.Value);
        }

        Assert.All(Cluster.Apps, a => Assert.Equal(Selects(doors.Spec.PodSelector.MatchLabels, a), a.Variable("FRONT_DOOR") == "true"));
    }

    [Fact]
    public void Who_gives_tokens_to_sidecars_gives_them_to_their_applications()
    {
        // Dapr's injector does not.
        foreach (var overlay in Cluster.Kustomizations)
        {
            var patches = Checkout.ReadYaml(overlay).Single().Items("patches").Select(p => p.TextOrNull("patch")).OfType<string>().ToList();
            foreach (var (annotation, variable) in new[] { ("api-token-secret", "DAPR_API_TOKEN"), ("app-token-secret", "APP_API_TOKEN") })
            {
                foreach (var patch in patches.Where(p => p.Contains(annotation, StringComparison.Ordinal)))
                {
                    var secret = Regex.Match(patch, annotation + @"\s+value: (\S+)").Groups[1].Value;
                    Assert.Contains(
                        $"{{name: {variable}, valueFrom: {{secretKeyRef: {{name: {secret}, key: token}}}}}}",
                        patch,
                        StringComparison.Ordinal);
                }
            }
        }

        // The patch adds to a list that must be there.
        Assert.All(Cluster.Apps, a => Assert.NotEmpty(a.Container.Env));
    }

    [Fact]
    public void Services_call_others_with_the_client_that_shows_the_token()
    {
        var creators = Checkout.Sources.Where(s => s.Text.Contains(".CreateInvokeHttpClient(", StringComparison.Ordinal));
        Assert.Equal(["InvocationClient.cs"], creators.Select(s => Path.GetFileName(s.File)));
    }

    [Fact]
    public void Scaling_asks_a_service_for_a_field_of_its_answer()
    {
        var scaled = Assert.Single(Cluster.Custom, c => c.Text("kind") == "ScaledObject");
        var target = Cluster.Workloads.Single(w => w.Name == scaled.Text("spec", "scaleTargetRef", "name"));
        var entry = Entries.First(e => e.AppId == target.Name);
        var metadata = scaled.Items("spec", "triggers").Single().At("metadata");
        var url = new Uri(metadata.Text("url"));
        // What the template says with SCALE_BY.
        Assert.Equal(entry.Environment["SCALE_BY"], $"{url.Host.Split('.')[0]}{url.AbsolutePath}");
        var service = Cluster.Objects.OfType<V1Service>().Single(s => s.Metadata.Name == url.Host.Split('.')[0]);
        Assert.Equal(url.Port, service.Spec.Ports.Single().Port);
        Assert.Contains(Checkout.Sources, s => s.Text.Contains($"MapGet(\"{url.AbsolutePath}\"", StringComparison.Ordinal));
        Assert.Contains(Checkout.Sources, s => Regex.IsMatch(s.Text, $@"int {metadata.Text("valueLocation")}\b", RegexOptions.IgnoreCase));
    }

    [Fact]
    public void Access_control_names_apps_that_exist()
    {
        var apps = Entries.Select(e => e.AppId).ToHashSet();
        var control = Cluster.Custom.Single(c => c.Text("kind") == "Configuration").At("spec", "accessControl");
        Assert.All(control.Items("policies"), p => Assert.True(apps.Contains(p.Text("appId")), p.Text("appId")));
        Assert.Equal("deny", control.Text("defaultAction"));
    }

    [Fact]
    public void Every_file_is_part_of_a_kustomization_and_every_path_exists()
    {
        var used = new HashSet<string>(Cluster.Kustomizations);
        foreach (var file in Cluster.Kustomizations)
        {
            var kustomization = Checkout.ReadYaml(file).Single();
            var folder = Path.GetDirectoryName(file)!;
            var generated = kustomization.Items("configMapGenerator").SelectMany(g => g.Texts("files"));
            foreach (var path in kustomization.Texts("resources").Concat(generated).Select(p => Path.GetFullPath(p, folder)))
            {
                Assert.True(Path.Exists(path), $"{file} names {path}");
                used.Add(Directory.Exists(path) ? Path.Combine(path, "kustomization.yaml") : path);
            }
        }

        Assert.Empty(Cluster.Files.Except(used));
    }

    [Fact]
    public Task The_local_overlay_builds_with_the_images_of_this_machine() => BuildAsync("local", image => image);

    [Fact]
    public Task The_production_overlay_builds_with_the_registry_and_the_version_that_it_names()
    {
        var images = Checkout.ReadYaml(Path.Combine(Cluster.Folder, "overlays/production/images.yaml")).Single().At("data");
        return BuildAsync(
            "production", image => $"{images.Text("registry")}/{image.Replace("latest", images.Text("tag"), StringComparison.Ordinal)}");
    }

    private static async Task BuildAsync(string overlay, Func<string, string> imageOf)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(
            folders.Any(f => File.Exists(Path.Combine(f, "kubectl"))),
            "kubectl is not installed; it builds the overlay without a cluster.");
        using var kubectl = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", Path.Combine(Cluster.Folder, "overlays", overlay)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = kubectl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var built = await kubectl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await kubectl.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(kubectl.ExitCode == 0, await error);
        Assert.All(Cluster.Apps, a => Assert.Contains($"dapr.io/app-id: {a.Name}\n", built));
        Assert.All(Cluster.Apps, a => Assert.Contains($"image: {imageOf(a.Container.Image)}\n", built));
        // Nothing of the suite is left where it was, applications beside an adapter included.
        var ours = Cluster.Apps.Sum(a => a.Pod.Containers.Count(c => c.Image.StartsWith("samples/", StringComparison.Ordinal)));
        Assert.Equal(ours, Regex.Count(built, $"image: {imageOf("samples/[a-z-]+:latest")}\n"));
    }

    private static bool ForbidsAll(V1NetworkPolicy policy) =>
        policy.Spec is { PodSelector.MatchLabels: null, PodSelector.MatchExpressions: null, Ingress: null, Egress: null }
        && policy.Spec.PolicyTypes.Count == 2;

    // Whom a policy is about: those that it protects, those that may ask them and those that they may ask.
    private static IEnumerable<V1LabelSelector?> Selectors(V1NetworkPolicy policy) =>
    [
        policy.Spec.PodSelector,
        .. policy.Spec.Ingress?.SelectMany(i => i.FromProperty ?? []).Select(f => f.PodSelector) ?? [],
        .. policy.Spec.Egress?.SelectMany(e => e.To ?? []).Select(t => t.PodSelector) ?? [],
    ];

    private static bool Selects(IDictionary<string, string> labels, Workload workload) =>
        labels.All(l => workload.Template.Metadata.Labels.TryGetValue(l.Key, out var value) && value == l.Value);

    [GeneratedRegex("ASPNETCORE_HTTP_PORTS=([0-9]+)")]
    private static partial Regex ImagePort();
}
