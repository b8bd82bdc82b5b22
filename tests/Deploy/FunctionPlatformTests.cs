using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Deploy;

/// <summary>
/// What the functions give to OpenFaaS and Knative. Both drop or refuse fields that they do not know, and neither runs here: names are
/// checked against their schemas, and what they say against the run template and the host.
/// </summary>
public sealed partial class FunctionPlatformTests
{
    private const string Folder = "services/serving/functions";

    // go-sdk's stack.Function and faas-cli's documentation of the YAML.
    private static readonly string[] OfStack = ["version", "provider", "functions", "configuration"];

    private static readonly string[] OfFunction =
    [
        "lang", "handler", "image", "registry", "environment", "environment_file", "secrets", "skip_build", "constraints", "labels",
        "annotations", "limits", "requests", "readonly_root_filesystem", "build_options", "build_args", "build_secrets", "platforms",
        "namespace", "copy",
    ];

    // v1 of Knative's Service: what a revision and its container may have.
    private static readonly string[] OfRevision =
        ["containers", "containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds", "serviceAccountName",
            "volumes", "imagePullSecrets", "enableServiceLinks"];

    private static readonly string[] OfContainer =
    [
        "name", "image", "ports", "env", "envFrom", "args", "command", "livenessProbe", "readinessProbe", "resources", "securityContext",
        "volumeMounts", "imagePullPolicy", "workingDir",
    ];

    private static IEnumerable<TemplateEntry> Functions => Checkout.Entries
        .Where(e => e.Pattern == "functions" && e.AppId != "user-api").DistinctBy(e => e.AppId);

    [Fact]
    public void The_stack_has_every_function_and_only_fields_that_OpenFaaS_knows()
    {
        var stack = Checkout.ReadYaml(Checkout.Full($"{Folder}/openfaas/stack.yml")).Single();
        Assert.Empty(stack.Fields().Select(f => f.Key).Except(OfStack));
        Assert.Equal("openfaas", stack.Text("provider", "name"));
        var functions = stack.At("functions").Fields().ToDictionary(f => f.Key, f => f.Value);
        Assert.Equal(Functions.Select(f => f.AppId).Order(), functions.Keys.Order());
        foreach (var entry in Functions)
        {
            var function = functions[entry.AppId];
            Assert.Empty(function.Fields().Select(f => f.Key).Except(OfFunction));
            Assert.Equal(entry.Image + ":latest", function.Text("image"));
            Assert.Equal(entry.AppId, function.Text("environment", "APP_ID"));
            Assert.Equal(entry.AppId, function.Text("annotations", "dapr.io/app-id"));
            Assert.Equal("true", function.Text("labels", "com.openfaas.scale.zero"));
            // Go's durations, and what was begun ends before it is cut off.
            var (limit, write) = (Seconds(function, "exec_timeout"), Seconds(function, "write_timeout"));
            Assert.True(limit < write && Seconds(function, "healthcheck_interval") > 0, entry.AppId);
        }
    }

    [Fact]
    public void The_paths_of_OpenFaaS_probes_are_answered()
    {
        var host = File.ReadAllText(Checkout.Full($"{Folder}/FunctionHost/PlatformEndpoints.cs"));
        var stack = Checkout.ReadYaml(Checkout.Full($"{Folder}/openfaas/stack.yml")).Single();
        foreach (var function in stack.At("functions").Fields().Select(f => f.Value))
        {
            Assert.Contains($"\"{function.Text("annotations", "com.openfaas.health.http.path")}\"", host, StringComparison.Ordinal);
            Assert.Contains($"\"{function.Text("annotations", "com.openfaas.ready.http.path")}\"", host, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Knative_has_a_service_for_every_function_and_only_fields_that_it_allows()
    {
        var services = Checkout.ReadYaml(Checkout.Full($"{Folder}/knative/services.yaml")).ToDictionary(s => s.Text("metadata", "name"));
        Assert.Equal(Functions.Select(f => f.AppId).Order(), services.Keys.Order());
        foreach (var entry in Functions)
        {
            var service = services[entry.AppId];
            Assert.Equal(("serving.knative.dev/v1", "Service"), (service.Text("apiVersion"), service.Text("kind")));
            Assert.Empty(service.Fields().Select(f => f.Key).Except(["apiVersion", "kind", "metadata", "spec"]));
            var revision = service.At("spec", "template", "spec");
            Assert.Empty(revision.Fields().Select(f => f.Key).Except(OfRevision));
            var container = revision.Items("containers").Single();
            Assert.Empty(container.Fields().Select(f => f.Key).Except(OfContainer));
            Assert.Equal(entry.Image + ":latest", container.Text("image"));
            // Knative allows one port, and its proxy in front of the container asks the probe there.
            Assert.Equal(["8080"], container.Items("ports").Select(p => p.Text("containerPort")));
            Assert.Equal("0", service.Text("spec", "template", "metadata", "annotations", "autoscaling.knative.dev/min-scale"));
            Assert.Equal(entry.AppId, service.Text("spec", "template", "metadata", "annotations", "dapr.io/app-id"));
        }
    }

    [Fact]
    public void A_trigger_names_a_service_that_exists_and_the_topic_that_its_function_takes()
    {
        var services = Checkout.ReadYaml(Checkout.Full($"{Folder}/knative/services.yaml")).Select(s => s.Text("metadata", "name")).ToList();
        foreach (var trigger in Checkout.ReadYaml(Checkout.Full($"{Folder}/knative/triggers.yaml")))
        {
            Assert.Equal(("eventing.knative.dev/v1", "Trigger"), (trigger.Text("apiVersion"), trigger.Text("kind")));
            Assert.Empty(trigger.At("spec").Fields().Select(f => f.Key).Except(["broker", "filter", "filters", "subscriber", "delivery"]));
            var name = trigger.Text("spec", "subscriber", "ref", "name");
            Assert.Contains(name, services);
            var project = Functions.Single(f => f.AppId == name).Project;
            Assert.Contains(
                $".Event(\"{trigger.Text("spec", "filter", "attributes", "topic")}\"",
                File.ReadAllText(Path.Combine(project, "Program.cs")),
                StringComparison.Ordinal);
        }
    }

    private static double Seconds(YamlDotNet.RepresentationModel.YamlNode function, string name)
    {
        var match = Duration().Match(function.Text("environment", name));
        Assert.True(match.Success, name);
        return double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^([0-9]+)s$")]
    private static partial Regex Duration();
}
