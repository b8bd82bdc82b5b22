using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;

namespace Samples.Cli.Processes;

/// <summary>What a replica's process finds in its environment over the command's own.</summary>
internal static class ReplicaEnvironment
{
    private static readonly string[] Temporaries = OperatingSystem.IsWindows() ? ["TEMP", "TMP"] : ["TMPDIR"];

    public static Dictionary<string, string> Of(string name, RunEntry entry, ISidecar sidecar, int? appPort, SuiteOptions options)
    {
        var given = entry.Environment.Concat(options.Environment).GroupBy(v => v.Key).Select(g => g.Last());
        var environment = new Dictionary<string, string>(given)
        {
            ["APP_ID"] = entry.AppId,
            ["APP_PORT"] = $"{appPort}",
            ["APP_PROTOCOL"] = entry.AppProtocol,
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{appPort ?? 0}",
            ["DAPR_HTTP_PORT"] = $"{sidecar.HttpPort}",
            ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcPort}",
            ["SAMPLES_DATA"] = options.DataOf(entry.Pattern),
            ["SAMPLES_REPLICA"] = name,
            ["SAMPLES_PARENT_PID"] = $"{Environment.ProcessId}",
        };
        foreach (var variable in options.Temporary is null ? [] : Temporaries)
            environment.TryAdd(variable, options.Temporary!);
        // Ports that a service opens besides APP_PORT: it takes free ones and says which.
        if (options.FreePorts)
            environment["SAMPLES_FREE_PORTS"] = "true";
        // Killing is a power that only an application that asks for it gets.
        environment.Remove("SAMPLES_CONTROL_TOKEN");
        if (environment.Remove("SAMPLES_CONTROL", out var asked) && asked == "true" && options.Control is { } control)
            (environment["SAMPLES_CONTROL"], environment["SAMPLES_CONTROL_TOKEN"]) = (control.Address.ToString(), control.Token);
        return environment;
    }
}
