using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>Settings of a whole run.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Where log lines go; nowhere by default.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long clients may take that send or read slowly.</summary>
    public SlowClients SlowClients { get; init; } = new();

    /// <summary>How replicas with actors are watched.</summary>
    public ActorHealth ActorHealth { get; init; } = ActorHealth.Default;

    /// <summary>
    /// What stands between an application (the first argument is its id) and the engine of a component; it must be of the engine's kind.
    /// Tests put what breaks there. Null puts nothing.
    /// </summary>
    public Func<string, Component, IEngine, IEngine>? Between { get; init; }

    /// <summary>Is told of each delivery to an application, after it ended; must not throw. Null tells nobody.</summary>
    public Action<AppDelivery>? Delivered { get; init; }

    /// <summary>
    /// A SQLite file through which the runtimes of several processes on this machine find each other: names, actors, jobs and reminders
    /// are common to all that name it. Null for a run in which one process has all sidecars.
    /// </summary>
    public string? MembersFile { get; init; }
}

/// <summary>Settings of one sidecar; the names are those of daprd's flags.</summary>
/// <param name="AppId">The application's id; replicas share it.</param>
public sealed record SidecarOptions(string AppId)
{
    /// <summary>Where the application listens on loopback; null for one that is only a client.</summary>
    public int? AppPort { get; init; }

    /// <summary><c>http</c> or <c>grpc</c> (without encryption); the encrypted variants are refused at start.</summary>
    public string AppProtocol { get; init; } = "http";

    /// <summary>The HTTP API's port; 0 takes a free one.</summary>
    public int HttpPort { get; init; }

    /// <summary>The gRPC API's port; 0 takes a free one.</summary>
    public int GrpcPort { get; init; }

    /// <summary>Where the sidecars of other processes are heard, where there are any; 0 takes a free port.</summary>
    public int InternalPort { get; init; }

    /// <summary>A port of their own for metrics, as daprd has; null leaves them at <c>/metrics</c> of the HTTP port.</summary>
    public int? MetricsPort { get; init; }

    internal IEnumerable<int> Ports => ((int?[])[HttpPort, GrpcPort, InternalPort, MetricsPort]).OfType<int>().Where(p => p > 0);

    /// <summary>Files and folders with resources.</summary>
    public IReadOnlyList<string> ResourcePaths { get; init; } = [];

    /// <summary>File with a Configuration resource; null for none.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>More of them: a section of a later file goes before the same of an earlier one.</summary>
    public IReadOnlyList<string> MoreConfigurationFiles { get; init; } = [];

    internal IEnumerable<string> AllConfigurationFiles =>
        ConfigurationFile is { } first ? MoreConfigurationFiles.Prepend(first) : MoreConfigurationFiles;

    /// <summary>Health checks of the application; null leaves it at whether its port listens.</summary>
    public AppHealthCheck? AppHealthCheck { get; init; }

    /// <summary>What <c>{name}</c> in a metadata value stands for, for example <c>dataDir</c>.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Relative paths in components resolve here: the app directory, as with daprd.</summary>
    public string BaseDirectory { get; init; } = Environment.CurrentDirectory;

    /// <summary>
    /// Where jobs and reminders are kept (<c>scheduler.db</c>), shared by all sidecars that name it; null keeps them in memory.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>When set, callers of the API must send it as <c>dapr-api-token</c>.</summary>
    public string? ApiToken { get; init; }

    /// <summary>When set, the application gets it as <c>dapr-api-token</c>.</summary>
    public string? AppToken { get; init; }

    /// <summary>Most requests in the application at once; 0 means no limit.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>Largest request body in bytes; daprd's default is 4 MiB.</summary>
    public long MaxBodySize { get; init; } = 4 << 20;

    /// <summary>Logs every call of the API, as daprd's <c>--enable-api-logging</c>.</summary>
    public bool ApiLogging { get; init; }

    internal AppConnection App =>
        new(AppPort, AppProtocol) { Token = AppToken, MaxConcurrency = MaxConcurrency, Health = AppHealthCheck };
}
