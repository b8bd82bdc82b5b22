using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Samples.Services.Defaults;

/// <summary>What keeps a service from starting is told in one line that names the cure.</summary>
public sealed class StartProblemTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("Samples.SourceFiles", "SOURCE_SETTLED_MS", "soon", "SOURCE_SETTLED_MS is 'soon'; give milliseconds")]
    [InlineData("Samples.SourceFiles", "DRAIN_NOTICE_MS", "-1", "DRAIN_NOTICE_MS is '-1'; give milliseconds")]
    [InlineData("Samples.SourceFiles", "FRONT_DOOR", "perhaps", "FRONT_DOOR is 'perhaps'; give true or false")]
    [InlineData("Samples.WorkerHost", "WORKER_COMMAND", "", "WORKER_COMMAND is not set")]
    [InlineData("Samples.QueueManager", "LEASE_SECONDS", "0", "LEASE_SECONDS is '0'; give a number")]
    public async Task A_wrong_setting(string project, string name, string value, string told)
    {
        var (exit, log) = await EndAsync(project, Service.FreePort(), (name, value));
        Assert.Equal(1, exit);
        Assert.Contains(told, Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var (exit, log) = await EndAsync("Samples.SourceFiles", port);
        Assert.Equal(1, exit);
        var line = Assert.Single(log);
        Assert.Contains($"127.0.0.1:{port}", line, StringComparison.Ordinal);
        Assert.Contains("choose another port", line, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string[] Log)> EndAsync(string project, int port, params (string, string)[] environment)
    {
        await using var service = Service.Start(project, port, sidecar: null, environment);
        var exit = await service.WaitForExitAsync(Limit, TestContext.Current.CancellationToken);
        return (exit, service.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
