using System.Text.RegularExpressions;
using Samples.Runtime;
using Samples.Runtime.Apps;
using Samples.Runtime.Resources;
using YamlDotNet.RepresentationModel;

namespace Samples.Cli.RunTemplate;

/// <summary>
/// Reads a Dapr multi-app run template (version 1). The Dapr CLI drops what it does not know without a word; here that is a note with its
/// line, and a typo an error. Otherwise it resolves and merges as the CLI does, with one difference: an app's <c>false</c> overrides a
/// common <c>true</c>.
/// </summary>
public static partial class TemplateReader
{
    private const string RestartVariable = "SAMPLES_RESTART";

    /// <summary>
    /// The entries of a template, in its order. <paramref name="root"/> is the repository; its <c>components/*</c> become the folder
    /// <paramref name="components"/>, by default the embedded ones.
    /// </summary>
    /// <exception cref="ResourceException">All that is wrong.</exception>
    public static IReadOnlyList<RunEntry> Read(string file, string root, string? components = null)
    {
        if (Directory.Exists(file))
            file = Path.Combine(file, "dapr.yaml");
        if (!File.Exists(file))
            throw new ResourceException(
                new Origin(file, 0), "there is no such template.", "Name a dapr.yaml, or a pattern from `samples list`.");
        var documents = YamlMap.ReadFile(file);
        if (documents.Count != 1)
            throw new ResourceException(
                new Origin(file, 0), $"a template is one YAML document; this file has {documents.Count}.", "Keep one.");
        return Read(documents[0], Path.GetDirectoryName(Path.GetFullPath(file))!, root, components);
    }

    /// <summary>The one entry of an application without a template, from the current folder; its data is kept under its id.</summary>
    internal static RunEntry ReadSingle(YamlMappingNode app, string root, string? components)
    {
        var template = new YamlMappingNode { { "version", "1" }, { "apps", new YamlSequenceNode(app) } };
        var entry = Read(new YamlMap(template, "(command line)"), Environment.CurrentDirectory, root, components)[0];
        return entry with { Pattern = entry.AppId };
    }

    private static List<RunEntry> Read(YamlMap template, string folder, string root, string? components)
    {
        var problems = new Problems();
        var notes = new List<string>();
        problems.Try(() => Allow(template, TemplateFields.Top, "the template", notes));
        if (template.Text("version") is not "1")
            throw template.ErrorAt("version", $"version '{template.Text("version")}' is not supported.", "Write 'version: 1'.");
        var common = template.Map("common");
        if (common is not null)
            Check(common, TemplateFields.Shared, "'common'", notes, problems);
        var apps = template.Maps("apps");
        if (apps.Count == 0)
            problems.Try(() => throw template.ErrorAt("apps", "the template has no 'apps'.", "Add at least one entry."));
        var suite = new SuiteComponents(root, components);
        var entries = apps.Select(app =>
        {
            Check(app, [.. TemplateFields.App, .. TemplateFields.Shared], $"app '{app.Text("appID")}'", notes, problems);
            return problems.Try(() => ReadApp(app, common, folder, suite));
        }).OfType<RunEntry>().ToList();
        CheckSharedPorts(apps, notes, problems);
        problems.ThrowIfAny();
        entries[0] = entries[0] with { Ignored = [.. notes, .. entries[0].Ignored] };
        return entries;
    }

    private static RunEntry ReadApp(YamlMap app, YamlMap? common, string folder, SuiteComponents suite)
    {
        var directory = Absolute(
            app.Text("appDirPath") ?? throw app.Error("an app has no 'appDirPath'.", "Write 'appDirPath: ./'."), folder);
        if (!Directory.Exists(directory))
            throw app.ErrorAt(
                "appDirPath", $"the folder '{directory}' does not exist.", "Correct 'appDirPath'; it is relative to the template.");
        var appId = app.Text("appID") ?? Path.GetFileName(directory.TrimEnd('/', '\\'));
        if (!AppId().IsMatch(appId))
            throw app.ErrorAt(
                "appID", $"'{appId}' is no app id.", "Use up to 63 letters, digits, '-', '_' and '.', beginning with a letter or digit.");
        if (app.Text("appChannelAddress") is { } address and not ("127.0.0.1" or "localhost"))
            throw app.ErrorAt(
                "appChannelAddress",
                $"app '{appId}' is at '{address}'.",
                "The embedded runtime reaches applications on 127.0.0.1 only: leave the field out, or use Dapr.");
        var settings = new Settings(app, common);
        if (settings.Switch("appSSL"))
            throw settings.Of("appSSL")!.ErrorAt("appSSL", "'appSSL' is deprecated in Dapr.", "Write 'appProtocol: https'.");
        var environment = Variables(common).Concat(Variables(app)).GroupBy(v => v.Key).ToDictionary(g => g.Key, g => g.Last().Value);
        return new RunEntry(appId, directory, Commands.Read(app, appId, directory))
        {
            Restarts = Restarts(app, environment, suite.Has(folder)),
            Pattern = Path.GetFileName(folder),
            AppPort = app.Number("appPort") is > 0 and var port ? port : null,
            DaprHttpPort = Math.Max(app.Number("daprHTTPPort") ?? 0, 0),
            DaprGrpcPort = Math.Max(app.Number("daprGRPCPort") ?? 0, 0),
            AppProtocol = settings.Text("appProtocol") ?? "http",
            MaxConcurrency = Math.Max(settings.Of("appMaxConcurrency")?.Number("appMaxConcurrency") ?? 0, 0),
            MaxBodySize = settings.Of("maxBodySize") is { } size ? Quantity.Read(size, "maxBodySize") : Quantity.DefaultBodySize,
            ApiLogging = settings.Switch("enableApiLogging"),
            LogLevel = settings.Text("logLevel") ?? "warn",
            AppLog = Destination(settings.Text("appLogDestination")),
            SidecarLog = Destination(settings.Text("daprdLogDestination")),
            ResourcePaths = Resources(app, common, directory, folder, suite),
            ConfigurationFile = Configuration(app, directory) ?? Local(directory, "config.yaml")
                ?? (common is null ? null : Configuration(common, folder)) ?? Local(Home, "config.yaml"),
            HealthCheck = HealthCheckOf(settings),
            Environment = environment,
            Ignored =
            [
                .. TemplateFields.Ignored.Where(i => settings.Asks(i.Key))
                    .Select(i => $"'{i.Key}' has no effect on the embedded sidecar: {i.Value}."),
            ],
        };
    }

    private static void Check(YamlMap map, string[] known, string of, List<string> notes, Problems problems)
    {
        problems.Try(() => Allow(map, known, of, notes));
        foreach (var key in TemplateFields.Numbers)
            problems.Try(() => map.Number(key));
        foreach (var key in TemplateFields.Switches)
            problems.Try(() => CheckSwitch(map, key));
        foreach (var (key, words) in TemplateFields.Words)
            problems.Try(() => CheckWord(map, key, words));
        foreach (var key in TemplateFields.Ports)
            problems.Try(() => CheckPort(map, key));
    }

    private static void CheckSwitch(YamlMap map, string key)
    {
        if (map.Text(key) is { } text && !bool.TryParse(text, out _))
            throw map.ErrorAt(key, $"'{key}' is '{text}'.", "Write true or false.");
    }

    private static void CheckWord(YamlMap map, string key, string[] words)
    {
        if (map.Text(key) is { } word && !words.Contains(word, StringComparer.Ordinal))
            throw map.ErrorAt(key, $"'{key}' is '{word}'.", $"Known: {string.Join(", ", words)}.");
    }

    private static void CheckPort(YamlMap map, string key)
    {
        // The Dapr CLI takes -1 for "choose one".
        if (map.Number(key) is not (null or -1 or (>= 0 and < 65536)))
            throw map.ErrorAt(key, $"'{key}' is {map.Number(key)}.", "A port is between 1 and 65535; leave it out for a free one.");
    }

    // The CLI drops what it does not know. That is a note here, unless it looks like a field that somebody meant to write.
    private static void Allow(YamlMap map, string[] known, string of, List<string> notes)
    {
        var problems = new Problems();
        foreach (var key in map.Keys.Except(known))
        {
            var at = map.OriginOf(key);
            if (TemplateFields.Renamed.TryGetValue(key, out var now) && known.Contains(now))
                notes.Add($"{at}: {of} has the field '{key}', which the Dapr CLI passes over, and so does this one. Write '{now}'.");
            else if (key.Length == 0 || known.Any(k => Spelling.IsNear(key, k)))
                problems.Try(() =>
                    throw new ResourceException(at, $"{of} has the unknown field '{key}'.", $"Known: {string.Join(", ", known)}."));
            else
                notes.Add($"{at}: {of} has the field '{key}', which the Dapr CLI passes over, and so does this one. Remove it.");
        }

        problems.ThrowIfAny();
    }

    // As the CLI: the app's own paths, else .dapr/resources beside it, else the common ones, else what `dapr init` made in the user's
    // folder. An app's paths are relative to the app, common ones to the template.
    private static List<string> Resources(YamlMap app, YamlMap? common, string directory, string folder, SuiteComponents suite)
    {
        return Existing(app, directory, suite) is { Count: > 0 } own ? own
            : Local(directory, "resources") is { } local ? [local]
            : common is not null && Existing(common, folder, suite) is { Count: > 0 } shared ? shared
            : Local(Home, "components") is { } users ? [users]
            : [];
    }

    // The suite's services are made to be killed. What another template starts may have done its work when it ends.
    private static bool Restarts(YamlMap app, Dictionary<string, string> environment, bool isOfSuite) =>
        environment.GetValueOrDefault(RestartVariable) switch
        {
            null => isOfSuite,
            "always" => true,
            "never" => false,
            var other => throw app.Error($"{RestartVariable} of app '{app.Text("appID")}' is '{other}'.", "Write always or never."),
        };

    private static List<string> Existing(YamlMap map, string folder, SuiteComponents suite)
    {
        var found = new List<string>();
        var several = map.Texts("resourcesPaths").Select(p => ("resourcesPaths", p));
        foreach (var (key, path) in several.Concat(map.Text("resourcesPath") is { } one ? [("resourcesPath", one)] : []))
        {
            var absolute = suite.Replace(Absolute(path, folder));
            if (!Directory.Exists(absolute) && !File.Exists(absolute))
                throw map.ErrorAt(key, $"the resources path '{absolute}' does not exist.", $"Create it, or correct '{key}'.");
            found.Add(absolute);
        }

        return found;
    }

    private static string? Configuration(YamlMap map, string folder) => map.Text("configFilePath") is not { } path ? null
        : Absolute(path, folder) is var file && File.Exists(file) ? file
        : throw map.ErrorAt(
            "configFilePath", $"the file '{Absolute(path, folder)}' does not exist.", "Correct 'configFilePath', or leave it out.");

    // What the Dapr CLI looks for beside the app before it takes the common one.
    private static string? Local(string directory, string name) =>
        Path.Combine(directory, ".dapr", name) is var path && Path.Exists(path) ? path : null;

    private static AppHealthCheck? HealthCheckOf(Settings settings)
    {
        if (!settings.Switch("enableAppHealthCheck"))
            return null;
        var daprd = new AppHealthCheck(settings.Text("appHealthCheckPath") ?? "/healthz");
        // As with daprd, 0 stands for the default.
        int? Positive(string key) => settings.Of(key)?.Number(key) is > 0 and var number ? number : null;
        return daprd with
        {
            Interval = Positive("appHealthProbeInterval") is { } seconds ? TimeSpan.FromSeconds(seconds) : daprd.Interval,
            Timeout = Positive("appHealthProbeTimeout") is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : daprd.Timeout,
            Threshold = Positive("appHealthThreshold") ?? daprd.Threshold,
        };
    }

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string Absolute(string path, string folder) => Path.GetFullPath(
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Home, path[1..].TrimStart('/'))
            : path,
        folder);

    private static IEnumerable<KeyValuePair<string, string>> Variables(YamlMap? map) =>
        map?.Map("env") is { } env ? env.Keys.Select(k => KeyValuePair.Create(k, env.Text(k) ?? "")) : [];

    private static LogDestination Destination(string? word) => word switch
    {
        "console" => LogDestination.Console,
        "file" => LogDestination.File,
        _ => LogDestination.FileAndConsole,
    };

    private static void CheckSharedPorts(IReadOnlyList<YamlMap> apps, List<string> notes, Problems problems)
    {
        var taken = new Dictionary<int, (string Key, string Owner)>();
        foreach (var app in apps)
        {
            foreach (var key in TemplateFields.Ports)
            {
                // One that is no number has been told.
                if (new Problems().Try(() => app.Number(key)) is not { } port || port <= 0)
                    continue;
                if (taken.TryAdd(port, (key, $"{key} of '{app.Text("appID")}'")))
                    continue;
                // Sidecars of one application that somebody else started, for example: the Dapr CLI leaves it to who listens there.
                if (key == "appPort" && taken[port].Key == key)
                {
                    notes.Add($"{app.OriginOf(key)}: port {port} is already the {taken[port].Owner}; only one of both can listen there. "
                        + "Choose another, unless that is meant.");
                    continue;
                }

                problems.Try(() => throw app.ErrorAt(key, $"port {port} is already the {taken[port].Owner}.",
                    "Every port of a template is its own: choose another."));
            }
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    private static partial Regex AppId();

    /// <summary>
    /// The template names what Dapr would use; the embedded runtime has its own engines under the same component names, or those asked for.
    /// </summary>
    private sealed class SuiteComponents(string root, string? chosen)
    {
        private readonly string _all = Path.Combine(root, "components") + Path.DirectorySeparatorChar;
        private readonly string _patterns = Path.Combine(root, "services") + Path.DirectorySeparatorChar;

        public bool Has(string template) => template.StartsWith(_patterns, StringComparison.Ordinal);

        public string Replace(string path) =>
            path.StartsWith(_all, StringComparison.Ordinal) ? chosen ?? Path.Combine(_all, "embedded") : path;
    }

    /// <summary>An app's settings over the common ones.</summary>
    private sealed class Settings(YamlMap app, YamlMap? common)
    {
        public YamlMap? Of(string key) => app.Has(key) ? app : common?.Has(key) == true ? common : null;

        public string? Text(string key) => Of(key)?.Text(key);

        public bool Switch(string key) => bool.TryParse(Text(key), out var isOn) && isOn;

        public bool Asks(string key) => Text(key) is { Length: > 0 } text && !text.Equals("false", StringComparison.OrdinalIgnoreCase);
    }
}
