namespace Samples.Cli.RunTemplate;

/// <summary>The fields of a Dapr multi-app run template, version 1, as Dapr CLI 1.18 reads them.</summary>
internal static class TemplateFields
{
    /// <summary>Top of the file.</summary>
    public static readonly string[] Top = ["version", "name", "common", "apps"];

    /// <summary>In <c>common</c> and in an app.</summary>
    public static readonly string[] Shared =
    [
        "apiListenAddresses", "appHealthCheckPath", "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold",
        "appLogDestination", "appMaxConcurrency", "appProtocol", "appSSL", "configFilePath", "daprdLogDestination", "enableApiLogging",
        "enableAppHealthCheck", "enableProfiling", "env", "logLevel", "maxBodySize", "placementHostAddress", "readBufferSize",
        "resourcesPath", "resourcesPaths", "runtimePath", "schedulerHostAddress",
    ];

    /// <summary>In an app only.</summary>
    public static readonly string[] App =
    [
        "appID", "appDirPath", "command", "appPort", "appChannelAddress", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort",
        "metricsPort", "profilePort", "unixDomainSocket", "containerImage", "containerImagePullPolicy", "createService",
    ];

    /// <summary>Names that Dapr's documentation or older versions have and its CLI drops without a word, and what to write.</summary>
    public static readonly IReadOnlyDictionary<string, string> Renamed = new Dictionary<string, string>
    {
        ["daprHTTPMaxRequestSize"] = "maxBodySize",
        ["daprHTTPReadBufferSize"] = "readBufferSize",
        ["daprdInstallPath"] = "runtimePath",
        ["componentsPath"] = "resourcesPaths",
        ["appId"] = "appID",
        ["daprHttpPort"] = "daprHTTPPort",
        ["daprGrpcPort"] = "daprGRPCPort",
    };

    /// <summary>Whole numbers.</summary>
    public static readonly string[] Numbers =
        ["appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold", "appMaxConcurrency"];

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public static readonly string[] Switches =
        ["appSSL", "createService", "enableApiLogging", "enableAppHealthCheck", "enableProfiling"];

    /// <summary>Ports; no two of a template are equal.</summary>
    public static readonly string[] Ports =
        ["appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort", "metricsPort", "profilePort"];

    /// <summary>Fields that may hold one of a few words.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Words = new Dictionary<string, string[]>
    {
        ["appProtocol"] = ["http", "https", "grpc", "grpcs", "h2c"],
        ["logLevel"] = ["debug", "info", "warn", "error", "fatal"],
        ["appLogDestination"] = ["console", "file", "fileAndConsole"],
        ["daprdLogDestination"] = ["console", "file", "fileAndConsole"],
        ["containerImagePullPolicy"] = ["Always", "Never", "IfNotPresent"],
    };

    /// <summary>
    /// What the embedded sidecar does not heed although it would change what an application sees, and why. Metrics, internal and profile
    /// ports and the container fields change nothing on one machine and need no word.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> Ignored = new Dictionary<string, string>
    {
        ["apiListenAddresses"] = "it listens on 127.0.0.1 only",
        ["enableProfiling"] = "it has no profiling port",
        ["placementHostAddress"] = "actors are placed inside the command",
        ["readBufferSize"] = "it keeps to Kestrel's limit for headers, 32 KiB",
        ["runtimePath"] = "no daprd is started",
        ["schedulerHostAddress"] = "jobs are scheduled inside the command",
        ["unixDomainSocket"] = "it listens on TCP",
    };
}
