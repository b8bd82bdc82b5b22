using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Samples.Lab;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests.Activation;

/// <summary>Scale to zero as people have it: <c>IDLE_SECONDS</c> in a template.</summary>
public sealed class ActivationTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task It_is_stopped_when_idle_and_the_first_requests_start_it_once_and_wait_for_it()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1", "env:", "  IDLE_SECONDS: \"0.5\""), Entry("client", "appPort: 2")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var first = await run.ReplicaAsync("web");
        await run.SeesAsync("info: sleeps after 0.5 s without a request");
        Assert.Equal((0, "stopped"), await StateAsync(run));

        var client = await run.ReplicaAsync("client");
        var through = $"http://127.0.0.1:{client.DaprHttpPort}/v1.0/invoke/web/method/";
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Http.GetFromJsonAsync<JsonElement>(through, Cancel)));
        var pid = Assert.Single(answers.Select(a => a.GetProperty("processId").GetInt32()).Distinct());
        Assert.NotEqual(first.Pid, pid);
        await Started.IsGoneAsync(first.Pid);

        async Task<(int, string)> StateAsync(Started run)
        {
            var now = await run.ReplicaAsync("web");
            return (now.Pid, now.State);
        }
    }

    [Theory]
    [InlineData("appPort: 1", "0", "Write seconds between 0.5 and 86400.")]
    [InlineData("appPort: 1", "soon", "Write seconds between 0.5 and 86400.")]
    [InlineData("daprHTTPPort: 1", "5", "appPort")]
    public async Task What_cannot_sleep_is_told_why(string port, string seconds, string cure)
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", port, "env:", $"  IDLE_SECONDS: \"{seconds}\"")));
        var run = await checkout.RunAsync("run", "tiny", "--free-ports");
        Assert.Equal(1, run.Code);
        Assert.Contains(cure, run.Errors + run.Output);
    }
}
