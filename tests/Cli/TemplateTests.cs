using Samples.Cli.RunTemplate;
using Samples.Runtime;
using Samples.Runtime.Apps;
using Samples.Runtime.Resources;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>Dapr's multi-app run template, field by field.</summary>
public sealed class TemplateTests
{
    [Fact]
    public async Task Every_field_of_the_Dapr_CLI_is_known()
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", $$"""
            version: 1
            name: everything
            common:
              resourcesPath: ./shared
              configFilePath: ./config.yaml
              appProtocol: http
              apiListenAddresses: 127.0.0.1
              enableProfiling: false
              logLevel: error
              appMaxConcurrency: 4
              placementHostAddress: ""
              schedulerHostAddress: localhost:50006
              maxBodySize: 8Mi
              readBufferSize: 8Ki
              enableAppHealthCheck: true
              appHealthCheckPath: /alive
              appHealthProbeInterval: 3
              appHealthProbeTimeout: 500
              appHealthThreshold: 2
              enableApiLogging: true
              runtimePath: ~/dapr
              daprdLogDestination: file
              appLogDestination: console
              env: { A: common, B: common }
            apps:
            - appID: web
              appDirPath: ./app
              command: ["dotnet", "{{App}}"]
              appPort: 5001
              appChannelAddress: 127.0.0.1
              daprHTTPPort: 6001
              daprGRPCPort: 7001
              daprInternalGRPCPort: 9001
              metricsPort: 8001
              profilePort: -1
              containerImage: web:1
              containerImagePullPolicy: Never
              createService: true
              resourcesPaths: ["own"]
              enableApiLogging: false
              appMaxConcurrency: -1
              maxBodySize: 100
              logLevel: debug
              env: { B: app, C: 3 }
            - appDirPath: ./app
              command: ["dotnet", "{{App}}"]
            """);
        foreach (var path in new[] { "shared", "app/own" })
            Directory.CreateDirectory(Path.Combine(folder, path));
        await File.WriteAllTextAsync(Path.Combine(folder, "config.yaml"), "", Cancel);

        var entries = TemplateReader.Read(Path.Combine(folder, "dapr.yaml"), checkout.Root);
        var (web, second) = (entries[0], entries[1]);
        Assert.Equal(("web", "tiny", 5001, 6001, 7001), (web.AppId, web.Pattern, web.AppPort, web.DaprHttpPort, web.DaprGrpcPort));
        Assert.Equal(("app", (int?)null, 0, 0), (second.AppId, second.AppPort, second.DaprHttpPort, second.DaprGrpcPort));
        // An app's paths are relative to the app, common ones to the template.
        Assert.Equal(Path.Combine(folder, "app", "own"), Assert.Single(web.ResourcePaths));
        Assert.Equal(Path.Combine(folder, "shared"), Assert.Single(second.ResourcePaths));
        Assert.Equal((false, 0, 100, "debug"), (web.ApiLogging, web.MaxConcurrency, web.MaxBodySize, web.LogLevel));
        Assert.Equal((true, 4, 8 << 20, "error"), (second.ApiLogging, second.MaxConcurrency, second.MaxBodySize, second.LogLevel));
        Assert.Equal((LogDestination.Console, LogDestination.File), (web.AppLog, web.SidecarLog));
        Assert.Equal(
            (Path.Combine(folder, "config.yaml"), Path.Combine(folder, "config.yaml")), (web.ConfigurationFile, second.ConfigurationFile));
        Assert.Equal(
            new AppHealthCheck("/alive") { Interval = TimeSpan.FromSeconds(3), Timeout = TimeSpan.FromSeconds(0.5), Threshold = 2 },
            web.HealthCheck);
        Assert.Equal(new Dictionary<string, string> { ["A"] = "common", ["B"] = "app", ["C"] = "3" }, web.Environment);
        Assert.Equal(
            ["apiListenAddresses", "readBufferSize", "runtimePath", "schedulerHostAddress"],
            web.Ignored.Select(i => i.Split('\'')[1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Resources_beside_the_app_come_before_the_common_ones()
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", "version: 1\ncommon:\n  resourcesPath: ./shared\napps:\n" + Entry("web"));
        var local = Directory.CreateDirectory(Path.Combine(folder, ".dapr", "resources")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, ".dapr", "config.yaml"), "", Cancel);
        var entry = Assert.Single(TemplateReader.Read(folder, checkout.Root));
        Assert.Equal(local, Assert.Single(entry.ResourcePaths));
        Assert.Equal(Path.Combine(folder, ".dapr", "config.yaml"), entry.ConfigurationFile);
        Assert.Null(entry.HealthCheck);
    }

    [Fact]
    public async Task Components_of_the_suite_become_the_embedded_ones()
    {
        await using var checkout = new Checkout();
        var embedded = Directory.CreateDirectory(Path.Combine(checkout.Root, "components", "embedded")).FullName;
        var folder = checkout.Add("tiny", Template(Entry("web", "resourcesPath: ../../../components/redis")));
        Assert.Equal(embedded, Assert.Single(TemplateReader.Read(folder, checkout.Root)[0].ResourcePaths));
    }

    [Fact]
    public async Task Other_components_can_be_chosen_by_name_or_by_path()
    {
        await using var checkout = new Checkout();
        foreach (var name in (string[])["embedded", "redis"])
            Directory.CreateDirectory(Path.Combine(checkout.Root, "components", name));
        var folder = checkout.Add(
            "tiny", Template(Entry("web", "resourcesPath: ../../../components/redis"), Entry("own", "resourcesPath: ../tiny")));
        var repository = new Repository(checkout.Root);
        var entries = TemplateReader.Read(folder, checkout.Root, repository.Components("redis"));
        Assert.Equal([Path.Combine(checkout.Root, "components", "redis"), folder], entries.SelectMany(e => e.ResourcePaths));
        Assert.Equal(folder, repository.Components(folder));
        Assert.Null(repository.Components(null));
        var error = Assert.Throws<ResourceException>(() => repository.Components("kafka"));
        Assert.Contains("there are no components 'kafka'. Name one of embedded, redis", error.Message);
    }

    [Theory]
    [InlineData("appPort: 99999", 6, "'appPort' is 99999. A port is between 1 and 65535")]
    [InlineData("appPort: much", 6, "'appPort' is 'much', which is no whole number.")]
    [InlineData("metricsPort: 5001\n  appPort: 5001", 6, "port 5001 is already the appPort of 'web'.")]
    [InlineData("enableApiLogging: maybe", 6, "'enableApiLogging' is 'maybe'. Write true or false.")]
    [InlineData("appMaxConcurrency: [1]", 6, "'appMaxConcurrency' must be a single value.")]
    [InlineData("appProtocol: smtp", 6, "Known: http, https, grpc, grpcs, h2c.")]
    [InlineData("appLogDestination: printer", 6, "Known: console, file, fileAndConsole.")]
    [InlineData("logLevel: loud", 6, "'logLevel' is 'loud'.")]
    [InlineData("maxBodySize: huge", 6, "'maxBodySize' is 'huge', which is no size. Write for example 4Mi")]
    [InlineData("maxBodySize: 0", 6, "which is no size.")]
    [InlineData("appChannelAddress: 10.0.0.1", 6, "reaches applications on 127.0.0.1 only")]
    [InlineData("appSSL: true", 6, "Write 'appProtocol: https'.")]
    [InlineData("configFilePath: nowhere.yaml", 6, "nowhere.yaml' does not exist.")]
    [InlineData("resourcesPaths: [\"nowhere\"]", 6, "nowhere' does not exist. Create it, or correct 'resourcesPaths'.")]
    [InlineData("resourcesPaths: nowhere", 6, "'resourcesPaths' must be a list.")]
    [InlineData("env: none", 6, "'env' must be a mapping.")]
    [InlineData("? [a]\n  : b", 6, "unknown field ''.")]
    public async Task A_wrong_field_is_named_with_its_line_and_the_cure(string field, int line, string message)
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", Template(Entry("web", field)));
        var error = Assert.Throws<ResourceException>(() => TemplateReader.Read(folder, checkout.Root));
        Assert.Contains($"dapr.yaml:{line}: ", error.Message);
        Assert.Contains(message, error.Message);
    }

    [Theory]
    [InlineData("daprHTTPMaxRequestSize: 8", "Write 'maxBodySize'.")]
    [InlineData("somethingElse: 1", "the field 'somethingElse', which the Dapr CLI passes over")]
    public async Task What_the_Dapr_CLI_passes_over_is_a_note_with_its_line(string field, string note)
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", Template(Entry("web", field)));
        var told = Assert.Single(Assert.Single(TemplateReader.Read(folder, checkout.Root)).Ignored);
        Assert.Contains("dapr.yaml:6: ", told);
        Assert.Contains(note, told);
    }

    [Fact]
    public async Task Two_apps_may_name_one_port_and_are_told_so()
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", Template(Entry("one", "appPort: 5001"), Entry("two", "appPort: 5001")));
        var entries = TemplateReader.Read(folder, checkout.Root);
        Assert.Equal(2, entries.Count);
        Assert.Contains("port 5001 is already the appPort of 'one'", Assert.Single(entries[0].Ignored));
    }

    [Fact]
    public async Task All_mistakes_of_a_template_are_told_at_once()
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", Template(Entry("one", "appPort: 99999\n  logLevel: loud"), Entry("two", "appPrt: 1")));
        var error = Assert.Throws<ResourceException>(() => TemplateReader.Read(folder, checkout.Root));
        Assert.Equal(3, error.Message.Split('\n').Length);
    }

    [Theory]
    [InlineData("", "this file has 0")]
    [InlineData("version: 1", "the template has no 'apps'.")]
    [InlineData("version: 2\napps: []", "version '2' is not supported.")]
    [InlineData("apps: []", "version '' is not supported.")]
    [InlineData("version: 1\nscommon: {}", "the template has the unknown field 'scommon'.")]
    [InlineData("version: 1\ncommon: {appProtcol: http}", "'common' has the unknown field 'appProtcol'.")]
    [InlineData("version: 1\napps:\n- appID: a\n  command: [\"ls\"]", "an app has no 'appDirPath'.")]
    [InlineData("version: 1\napps:\n- appDirPath: ./x", "x' does not exist. Correct 'appDirPath'")]
    [InlineData("version: 1\napps:\n- {appID: ../a, appDirPath: ./}", "'../a' is no app id.")]
    [InlineData(
        "version: 1\napps:\n- {appID: a, appDirPath: ./, env: {SAMPLES_RESTART: often}}",
        "SAMPLES_RESTART of app 'a' is 'often'. Write always or never.")]
    [InlineData("version: 1\napps:\n- {appID: a, appDirPath: ./, command: [nosuch]}", "app 'a' runs 'nosuch', which is not on PATH")]
    [InlineData(
        "version: 1\napps:\n- {appID: a, appDirPath: ./, command: [dotnet, x/A.dll]}",
        "app 'a' runs 'x/A.dll', which is not built. Build first: `dotnet build`")]
    [InlineData("version: 1\napps:\n- [a]", "an item of 'apps' must be a mapping.")]
    [InlineData("- version: 1", "a mapping is expected here.")]
    [InlineData("version: [", "this is not YAML:")]
    public async Task A_wrong_template_is_refused(string template, string message)
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", template);
        Assert.Contains(message, Assert.Throws<ResourceException>(() => TemplateReader.Read(folder, checkout.Root)).Message);
    }
}
