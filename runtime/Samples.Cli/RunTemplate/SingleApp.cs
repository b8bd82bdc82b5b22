using System.CommandLine;
using System.CommandLine.Parsing;
using YamlDotNet.RepresentationModel;

namespace Samples.Cli.RunTemplate;

/// <summary>One application without a template: the options of <c>dapr run</c>, read as a template with one entry is read.</summary>
internal sealed class SingleApp
{
    private static readonly Setting[] Settings =
    [
        new("appID", "--app-id", "-a", "One application without a template: its id; its command follows after --."),
        new("appPort", "--app-port", "-p", "Where the application listens."),
        new("appProtocol", "--app-protocol", "-P", "http (default) or grpc."),
        new("resourcesPaths", "--resources-path", "-d", "A folder of components; several times.", IsList: true),
        new("configFilePath", "--config", "-c", "A file with a Configuration."),
        new("daprHTTPPort", "--dapr-http-port", "-H", "The sidecar's HTTP port."),
        new("daprGRPCPort", "--dapr-grpc-port", "-G", "The sidecar's gRPC port."),
        new("logLevel", "--log-level", null, "Of the sidecar's lines: debug, info, warn, error, fatal."),
        new("enableApiLogging", "--enable-api-logging", null, "Log every call of the sidecar's API.", IsSwitch: true),
        new("appMaxConcurrency", "--app-max-concurrency", null, "Most requests in the application at once."),
        new("maxBodySize", "--max-body-size", null, "Largest request body, for example 4Mi."),
        new("enableAppHealthCheck", "--enable-app-health-check", null, "Ask the application whether it is healthy.", IsSwitch: true),
        new("appHealthCheckPath", "--app-health-check-path", null, null),
        new("appHealthProbeInterval", "--app-health-probe-interval", null, null),
        new("appHealthProbeTimeout", "--app-health-probe-timeout", null, null),
        new("appHealthThreshold", "--app-health-threshold", null, null),
        new("appChannelAddress", "--app-channel-address", null, null),
        new("unixDomainSocket", "--unix-domain-socket", "-u", null),
        new("metricsPort", "--metrics-port", "-M", null),
        new("profilePort", "--profile-port", null, null),
        new("enableProfiling", "--enable-profiling", null, null, IsSwitch: true),
        new("daprInternalGRPCPort", "--dapr-internal-grpc-port", "-I", null),
        new("placementHostAddress", "--placement-host-address", null, null),
        new("schedulerHostAddress", "--scheduler-host-address", null, null),
        new("readBufferSize", "--read-buffer-size", null, null),
        new("runtimePath", "--runtime-path", null, null),
    ];

    private readonly List<(Setting Setting, Option Option)> _options = [.. Settings.Select(s => (s, s.Create()))];

    /// <summary>The options; those that mean little here are not in the help.</summary>
    public IEnumerable<Option> Options => _options.Select(o => o.Option);

    /// <summary>The words after <c>--</c>: a command, whatever they look like.</summary>
    public static int WordsOfCommand(ParseResult result) => result.Tokens.SkipWhile(t => t.Type != TokenType.DoubleDash).Skip(1).Count();

    /// <summary>The template's entry that was asked for; null where none of the options is there and no command.</summary>
    public YamlMappingNode? Read(ParseResult result, IReadOnlyList<string> words)
    {
        var asked = _options.Where(o => result.GetResult(o.Option) is { Implicit: false }).ToList();
        if (asked.Count == 0 && WordsOfCommand(result) == 0)
            return null;
        var app = new YamlMappingNode { { "appDirPath", "." } };
        foreach (var (setting, option) in asked)
            app.Add(setting.Field, Setting.Value(result, option));
        if (words.Count > 0)
            app.Add("command", new YamlSequenceNode(words.Select(w => Scalar(w))));
        return app;
    }

    private static YamlScalarNode Scalar(string text) => new(text) { Style = YamlDotNet.Core.ScalarStyle.DoubleQuoted };

    /// <summary>An option and the template's field that it stands for.</summary>
    private sealed record Setting(string Field, string Name, string? Alias, string? Description, bool IsSwitch = false, bool IsList = false)
    {
        public Option Create()
        {
            string[] aliases = Alias is null ? [] : [Alias];
            Option option = IsSwitch ? new Option<bool>(Name, aliases)
                : IsList ? new Option<string[]>(Name, aliases)
                : new Option<string>(Name, aliases);
            option.Description = Description;
            option.Hidden = Description is null;
            return option;
        }

        public static YamlNode Value(ParseResult result, Option option) => option switch
        {
            Option<bool> on => Scalar(result.GetValue(on) ? "true" : "false"),
            Option<string[]> list => new YamlSequenceNode((result.GetValue(list) ?? []).Select(Scalar)),
            _ => Scalar(result.GetValue((Option<string>)option) ?? ""),
        };
    }
}
