using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Samples.Deploy;

/// <summary><c>docker-compose.yml</c> runs what the run templates run, and keeps what it promises about ports, limits and tokens.</summary>
public sealed partial class ComposeTests
{
    // They name paths, faults and scaling of the command `samples`, or servers that are others here.
    private static readonly string[] OtherHere =
    [
        "DEFAULT_WORKER_COMMAND", "IDLE_SECONDS", "SCALE_BY", "SCALE_LIMITS", "FAULTS", "SHARDS", "ANNOUNCE_TO", "TLS_PORT",
        "CHECK_COMMAND", "HTTPS_PORT",
    ];

    private static readonly string[] Fields =
    [
        "build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "image", "logging", "network_mode",
        "networks", "pid", "ports", "profiles",
        "pull_policy", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "user", "volumes",
    ];

    private static IReadOnlyDictionary<string, YamlNode> Services => Compose.Services;

    private static IEnumerable<TemplateEntry> Entries => Checkout.Entries.Where(e => !e.IsStandIn);

    [Fact]
    public void Every_replica_is_a_service_beside_a_sidecar()
    {
        foreach (var entry in Entries.Where(e => e.HasOwnPod))
        {
            Assert.True(Services.ContainsKey(entry.Name), $"'{entry.Name}' of {entry.Pattern} is missing: add it with its sidecar");
            var (service, sidecar) = (Services[entry.Name], Services[entry.Name + "-daprd"]);
            Assert.Equal(entry.Image, service.Text("image"));
            Assert.Equal([entry.Pattern, "all"], service.Texts("profiles"));
            Assert.Equal([entry.Pattern, "all"], sidecar.Texts("profiles"));
            // Neither holds the network namespace: it outlives the death of each.
            var pod = Services[entry.Name + "-pod"];
            Assert.Equal([entry.Pattern, "all"], pod.Texts("profiles"));
            Assert.Equal([entry.AppId], pod.Texts("networks", "samples", "aliases"));
            Assert.All(new[] { service, sidecar }, s => Assert.Equal($"service:{entry.Name}-pod", s.Text("network_mode")));
            Assert.All(new[] { service, sidecar }, s => Assert.Equal("true", s.Text("depends_on", entry.Name + "-pod", "restart")));
            Assert.NotNull(sidecar.Find("depends_on", entry.Name));
            Assert.Equal(entry.AppId, Flag(sidecar, "--app-id"));
            Assert.Equal(entry.AppId, service.Text("environment", "APP_ID"));
            Assert.Equal(service.Text("environment", "ASPNETCORE_HTTP_PORTS"), Flag(sidecar, "--app-port"));
            Assert.Equal(service.Text("environment", "DAPR_HTTP_PORT"), Flag(sidecar, "--dapr-http-port"));
            Assert.Equal(service.Text("environment", "DAPR_GRPC_PORT"), Flag(sidecar, "--dapr-grpc-port"));
            Assert.Equal(Flag(sidecar, "--dapr-http-port"), sidecar.Texts("healthcheck", "test")[^1]);
        }

        // And nothing else is one.
        foreach (var part in new[] { "-daprd", "-pod" })
            Assert.Equal(
                Entries.Where(e => e.HasOwnPod).Select(e => e.Name + part).Order(),
                Services.Keys.Where(s => s.EndsWith(part, StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Containers_of_one_pod_share_its_network_and_its_processes()
    {
        var guests = Entries.Where(e => !e.HasOwnPod).ToList();
        var hosts = Entries.Where(e => e.HasOwnPod && guests.Exists(g => g.Pod == e.Name));
        foreach (var entry in guests.Concat(hosts))
        {
            Assert.True(
                Services.ContainsKey(entry.Name), $"'{entry.Name}' of {entry.Pattern} is missing: add it to the pod of {entry.Pod}");
            var service = Services[entry.Name];
            Assert.Equal(
                (entry.Image, $"service:{entry.Pod}-pod", $"service:{entry.Pod}-pod"),
                (service.Text("image"), service.Text("network_mode"), service.Text("pid")));
            Assert.Equal([entry.Pattern, "all"], service.Texts("profiles"));
            Assert.Equal("true", service.Text("depends_on", entry.Pod + "-pod", "restart"));
        }

        // On one localhost each has a port of its own.
        foreach (var pod in Entries.GroupBy(e => e.Pod))
            Assert.Distinct(pod.Select(e => PortOf(Services[e.Name])));
    }

    [Fact]
    public void A_service_has_the_environment_of_its_template()
    {
        foreach (var entry in Entries)
        {
            var same = entry.Environment.Where(v => !OtherHere.Contains(v.Key)
                && !v.Key.EndsWith("__ADDRESS", StringComparison.Ordinal) && !v.Key.EndsWith("__CONNECTION", StringComparison.Ordinal));
            Assert.All(same, v =>
                Assert.Equal($"{v.Key}={v.Value}", $"{v.Key}={Services[entry.Name].TextOrNull("environment", v.Key)}"));
        }
    }

    [Fact]
    public void Images_are_built_from_the_projects_of_the_templates()
    {
        foreach (var image in Entries.GroupBy(e => e.Image))
        {
            // Built once; the other replicas use what is there.
            var build = Assert.Single(image.Select(e => Services[e.Name]), s => s.Find("build") is not null).At("build");
            Assert.Equal(image.First().Project, Checkout.Full(build.Text("args", "PROJECT")));
            Assert.Equal(Checkout.Root, build.Text("context"));
            Assert.True(File.Exists(Checkout.Full(build.Text("dockerfile"))));
            if (build.TextOrNull("args", "PROGRAM") is { } program)
                Assert.Contains(Checkout.Full(program), Checkout.Projects.Values.Select(Path.GetDirectoryName));
        }

        foreach (var (name, service) in Services.Where(s => !s.Value.Text("image").StartsWith("samples/", StringComparison.Ordinal)))
            Assert.True(Pinned().IsMatch(service.Text("image")), $"{name}: {service.Text("image")} names no exact version");
        var ofDapr = Services.Values.Select(s => s.Text("image")).Where(i => i.StartsWith("daprio/", StringComparison.Ordinal));
        Assert.Single(ofDapr.Select(i => i.Split(':')[1]).Distinct());
    }

    [Fact]
    public void Only_front_doors_are_published_on_loopback_and_on_the_ports_of_the_templates()
    {
        var ports = Entries.ToDictionary(e => e.Name + "-pod", e => e.AppPort);
        var published = Services.SelectMany(s => s.Value.Texts("ports").Select(p => (Service: s.Key, Parts: p.Split(':')))).ToList();
        Assert.Distinct(published.Select(p => p.Parts[1]));
        foreach (var (service, parts) in published)
        {
            Assert.Equal("127.0.0.1", parts[0]);
            if (parts[2] == Services.GetValueOrDefault(service.Replace("-pod", ""))?.TextOrNull("environment", "HTTPS_PORT"))
                Assert.Equal(Entries.Single(e => e.Name + "-pod" == service).Environment["HTTPS_PORT"], parts[1]);
            else if (ports.TryGetValue(service, out var port))
                Assert.Equal(
                    ($"{port}", Services[service[..^"-pod".Length]].Text("environment", "ASPNETCORE_HTTP_PORTS")), (parts[1], parts[2]));
            else
                Assert.Equal(["observability"], Services[service].Texts("profiles"));
        }

        // Who has none refuses what does not come from the sidecar.
        foreach (var entry in Entries.Where(e => e.HasOwnPod))
            Assert.Equal(
                published.Any(p => p.Service == entry.Name + "-pod"),
                Services[entry.Name].TextOrNull("environment", "FRONT_DOOR") == "true");
    }

    [Theory, InlineData("deploy/docker/config.yaml"), InlineData("components/config.yaml")]
    public void A_record_of_a_name_outlives_a_renewal_that_is_late(string file)
    {
        var names = Checkout.ReadYaml(Checkout.Full(file)).Single().At("spec", "nameResolution", "configuration");
        var (update, timeout) = (int.Parse(names.Text("updateInterval").TrimEnd('s')), int.Parse(names.Text("timeout").TrimEnd('s')));
        // Renewed every update - timeout; dead when the whole seconds since differ by update, which may be one second early.
        Assert.True(update - 1 - (update - timeout) >= 2, file);
    }

    [Fact]
    public void Every_container_is_limited_restarted_and_without_privileges()
    {
        foreach (var (name, service) in Services)
        {
            Assert.Empty(service.Fields().Select(f => f.Key).Except(Fields));
            Assert.NotNull(service.Find("deploy", "resources", "limits", "memory"));
            Assert.Equal(["ALL"], service.Texts("cap_drop"));
            Assert.Contains("no-new-privileges:true", service.Texts("security_opt"));
            if (!service.Texts("profiles").Contains("tools"))
                Assert.Equal("unless-stopped", service.Text("restart"));
            if (service.Text("image").StartsWith("samples/", StringComparison.Ordinal) || name.EndsWith("-daprd", StringComparison.Ordinal))
                Assert.Equal("true", service.Text("read_only"));
        }
    }

    [Fact]
    public void Sidecars_know_the_servers_where_they_listen()
    {
        // The scheduler itself tells sidecars where to connect.
        Assert.Equal($"scheduler:{Flag(Services["scheduler"], "--port")}", Flag(Services["scheduler"], "--override-broadcast-host-port"));
        foreach (var sidecar in Services.Where(s => s.Key.EndsWith("-daprd", StringComparison.Ordinal)).Select(s => s.Value))
        {
            Assert.Equal($"placement:{Flag(Services["placement"], "--port")}", Flag(sidecar, "--placement-host-address"));
            Assert.Equal($"scheduler:{Flag(Services["scheduler"], "--port")}", Flag(sidecar, "--scheduler-host-address"));
            foreach (var flag in new[] { "--resources-path", "--config" })
                Assert.Contains(sidecar.Texts("volumes"), v => Flag(sidecar, flag).StartsWith(v.Split(':')[1], StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_is_mounted_exists_and_what_is_named_is_declared()
    {
        foreach (var source in Services.Values.SelectMany(s => s.Texts("volumes")).Select(v => v.Split(':')[0]))
            Assert.True(Path.IsPathRooted(source) ? Path.Exists(source) : Compose.Volumes.Contains(source), source);
        foreach (var (name, service) in Services)
            Assert.All(service.Find("depends_on").Fields(), d => Assert.True(Services.ContainsKey(d.Key), $"{name} waits for {d.Key}"));
    }

    [Fact]
    public void Tokens_come_from_a_file_that_is_not_in_git()
    {
        var text = string.Join('\n', Compose.Files.Select(File.ReadAllText));
        var example = File.ReadAllLines(Checkout.Full(".env.example"));
        foreach (var asked in Required().Matches(text).Select(m => m.Groups[1].Value).Distinct())
            Assert.Contains(example, l => l == asked + "=");
        Assert.Contains(".env", File.ReadAllLines(Checkout.Full(".gitignore")));
        // Without a profile nothing of the suite would start.
        Assert.Contains("COMPOSE_PROFILES=all", example);
        foreach (var entry in Entries.Where(e => e.HasOwnPod))
        {
            foreach (var token in new[] { "DAPR_API_TOKEN", "APP_API_TOKEN" })
                Assert.Equal(Services[entry.Name].Text("environment", token), Services[entry.Name + "-daprd"].Text("environment", token));
        }
    }

    [Fact]
    public void Prometheus_reads_every_sidecar_where_its_metrics_are()
    {
        var job = Checkout.ReadYaml(Checkout.Full("deploy/observability/prometheus.yaml")).Single().Items("scrape_configs")
            .Single(j => j.Text("job_name") == "sidecars")
            .Items("dns_sd_configs").Single();
        Assert.Equal(Entries.Where(e => e.HasOwnPod).Select(e => e.AppId).Distinct().Order(), job.Texts("names").Order());
        Assert.All(
            Entries.Where(e => e.HasOwnPod), e => Assert.Equal(job.Text("port"), Flag(Services[e.Name + "-daprd"], "--metrics-port")));
    }

    private static string PortOf(YamlNode service) =>
        service.TextOrNull("environment", "APP_PORT") ?? service.Text("environment", "ASPNETCORE_HTTP_PORTS");

    private static string Flag(YamlNode service, string flag) =>
        service.Texts("command").SkipWhile(c => c != flag).Skip(1).FirstOrDefault()
            ?? throw new FormatException($"{flag} is missing in {service}");

    [GeneratedRegex(@"^[a-z0-9./-]+:v?[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z]+)?$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"\$\{([A-Z_]+):\?")]
    private static partial Regex Required();
}
