using Samples.Runtime.Resources;

namespace Samples.Cli.RunTemplate;

/// <summary>
/// Reads a Dapr multi-app run template (version 1) strictly. The Dapr CLI drops what it does not know without a word; here a typo is an
/// error with its line.
/// </summary>
public static class TemplateReader
{
    private static readonly string[] Shared =
    [
        "appPort", "appProtocol", "appHealthCheckPath", "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold",
        "appMaxConcurrency", "apiListenAddresses", "appLogDestination", "configFilePath", "daprGRPCPort", "daprHTTPMaxRequestSize",
        "daprHTTPPort", "daprHTTPReadBufferSize", "daprInternalGRPCPort", "daprdInstallPath", "daprdLogDestination", "enableApiLogging",
        "enableAppHealthCheck", "enableProfiling", "env", "logLevel", "metricsPort", "placementHostAddress", "profilePort",
        "resourcesPath", "resourcesPaths", "schedulerHostAddress", "unixDomainSocket",
    ];

    /// <summary>The entries of a template, in its order. <paramref name="root"/> is the repository; its <c>components/*</c> become the embedded ones.</summary>
    /// <exception cref="ResourceException">The first thing that is wrong.</exception>
    public static IReadOnlyList<RunEntry> Read(string file, string root)
    {
        if (!File.Exists(file))
            throw new ResourceException(new Origin(file, 0), "there is no such template.", "Name a dapr.yaml, or a pattern from `samples list`.");
        var template = YamlMap.ReadFile(file).SingleOrDefault()
            ?? throw new ResourceException(new Origin(file, 0), "a template is one YAML document; this file has none or several.", "Keep one.");
        template.AllowOnly(["version", "common", "apps"]);
        if (template.Text("version") is not "1")
            throw template.ErrorAt("version", $"version '{template.Text("version")}' is not supported.", "Write 'version: 1'.");
        var common = template.Map("common");
        common?.AllowOnly(Shared, "'common'");
        var apps = template.Maps("apps");
        if (apps.Count == 0)
            throw template.ErrorAt("apps", "the template has no 'apps'.", "Add at least one entry.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        IReadOnlyList<RunEntry> entries = [.. apps.Select(app => ReadApp(app, common, folder, root))];
        RefuseSharedPorts(apps);
        return entries;
    }

    private static RunEntry ReadApp(YamlMap app, YamlMap? common, string folder, string root)
    {
        app.AllowOnly(["appID", "appDirPath", "command", .. Shared], $"app '{app.Text("appID")}'");
        var directory = Path.GetFullPath(app.Text("appDirPath") ?? throw app.Error("an app has no 'appDirPath'.", "Write 'appDirPath: ./'."), folder);
        if (!Directory.Exists(directory))
            throw app.ErrorAt("appDirPath", $"the folder '{directory}' does not exist.", "Correct 'appDirPath'; it is relative to the template.");
        var appId = app.Text("appID") ?? Path.GetFileName(directory.TrimEnd('/'));
        var command = app.Texts("command");
        if (command.Count == 0)
            throw app.Error($"app '{appId}' has no 'command'.", "Write 'command: [\"dotnet\", \"path/to.dll\"]'.");
        foreach (var assembly in command.Skip(1).Where(c => c.EndsWith(".dll", StringComparison.Ordinal) && !File.Exists(Path.GetFullPath(c, directory))))
            throw app.ErrorAt("command", $"app '{appId}' runs '{assembly}', which is not built.", "Run `dotnet build Samples.sln`, or correct the path.");
        return new RunEntry(appId, directory, command)
        {
            Pattern = Path.GetFileName(folder),
            AppPort = Port(app, "appPort") ?? (common is null ? null : Port(common, "appPort")),
            DaprHttpPort = Port(app, "daprHTTPPort") ?? 0,
            DaprGrpcPort = Port(app, "daprGRPCPort") ?? 0,
            AppProtocol = app.Text("appProtocol") ?? common?.Text("appProtocol") ?? "http",
            MaxConcurrency = app.Number("appMaxConcurrency") ?? common?.Number("appMaxConcurrency") ?? 0,
            ResourcePaths = [.. Resources(app, common).Select(p => Embedded(Path.GetFullPath(p, folder), root))],
            Environment = Variables(common).Concat(Variables(app)).GroupBy(v => v.Key).ToDictionary(g => g.Key, g => g.Last().Value),
        };
    }

    private static IReadOnlyList<string> Resources(YamlMap app, YamlMap? common)
    {
        foreach (var map in new[] { app, common })
        {
            if (map?.Texts("resourcesPaths") is { Count: > 0 } several)
                return several;
            if (map?.Text("resourcesPath") is { } one)
                return [one];
        }

        return [];
    }

    // The template names what Dapr would use; the embedded runtime has its own engines under the same component names.
    private static string Embedded(string path, string root)
    {
        var components = Path.Combine(root, "components") + Path.DirectorySeparatorChar;
        return path.StartsWith(components, StringComparison.Ordinal) ? Path.Combine(components, "embedded") : path;
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables(YamlMap? map) =>
        map?.Map("env") is { } env ? env.Keys.Select(k => KeyValuePair.Create(k, env.Text(k) ?? "")) : [];

    private static int? Port(YamlMap map, string key) => map.Number(key) is not { } port ? null
        : port is > 0 and < 65536 ? port
        : throw map.ErrorAt(key, $"'{key}' is {port}.", "A port is between 1 and 65535.");

    private static void RefuseSharedPorts(IReadOnlyList<YamlMap> apps)
    {
        var taken = new Dictionary<int, string>();
        foreach (var app in apps)
        {
            foreach (var key in new[] { "appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort" })
            {
                if (app.Number(key) is not { } port)
                    continue;
                if (!taken.TryAdd(port, $"{key} of '{app.Text("appID")}'"))
                    throw app.ErrorAt(key, $"port {port} is already the {taken[port]}.", "Every port of a template is its own: choose another.");
            }
        }
    }
}
