using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>The control interface of a run, asked as the lab asks it.</summary>
public sealed class ControlTests
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    private static readonly (string Method, string Path)[] Calls =
        [("GET", "/replicas"), ("POST", "/replicas/web-1/kill"), ("PUT", "/apps/web/replicas"), ("GET", "/nothing")];

    [Fact]
    public async Task Nobody_gets_in_without_the_token()
    {
        await using var checkout = new Checkout();
        var (run, _) = await StartAsync(checkout);
        var before = await run.ReplicaAsync("web-1");
        using var http = new HttpClient { BaseAddress = run.ControlAddress.Address };
        var token = run.ControlAddress.Token;
        foreach (var authorization in new[] { null, "", "Bearer", "Bearer wrong", $"Basic {token}", $"Bearer {token}0" })
        {
            foreach (var (method, path) in Calls)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                if (authorization is not null)
                    request.Headers.TryAddWithoutValidation("Authorization", authorization);
                using var answer = await http.SendAsync(request, Cancel);
                await AssertProblemAsync(answer, HttpStatusCode.Unauthorized);
            }
        }

        Assert.Equal(before, await run.ReplicaAsync("web-1"));

        Assert.Equal(IPAddress.Loopback.ToString(), run.ControlAddress.Address.Host);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(checkout.Data, $"run-{run.Pid}.json")));
    }

    [Fact]
    public async Task Killed_it_comes_back_and_terminated_it_stays_down_until_started()
    {
        await using var checkout = new Checkout();
        var (run, control) = await StartAsync(checkout);
        var first = await run.ReplicaAsync("web-1");
        await control.KillAsync("web-1", Cancel);
        var second = await run.BecomesAsync("web-1", r => r.State == "running" && r.Pid > 0 && r.Pid != first.Pid);
        await run.SeesAsync("web-1              warn: was killed on request; starts again in 0.2 s");

        await control.TerminateAsync("web-1", Cancel);
        await Started.IsGoneAsync(second.Pid);
        Assert.Equal(
            (0, "stopped"),
            await run.BecomesAsync("web-1", r => r.State == "stopped") is var stopped ? (stopped.Pid, stopped.State) : default);
        // The other replica alone is asked meanwhile.
        for (var i = 0; i < 4; i++)
            Assert.Equal("web-2", await AskAsync(first.DaprHttpPort));
        await control.StartAsync("web-1", Cancel);
        await run.BecomesAsync("web-1", r => r.State == "running" && r.Pid > 0);
    }

    [Fact]
    public async Task Frozen_it_does_not_answer_and_resumed_it_goes_on()
    {
        await using var checkout = new Checkout();
        var (run, control) = await StartAsync(checkout);
        var web = await run.ReplicaAsync("web-1");
        await control.FreezeAsync("web-1", Cancel);
        Assert.Equal("frozen", (await run.ReplicaAsync("web-1")).State);
        var answer = Http.GetStringAsync($"http://127.0.0.1:{web.AppPort}/env/SAMPLES_REPLICA", Cancel);
        Assert.Equal(
            "web-2",
            await Http.GetStringAsync($"http://127.0.0.1:{(await run.ReplicaAsync("web-2")).AppPort}/env/SAMPLES_REPLICA", Cancel));
        Assert.False(answer.IsCompleted);
        await control.ResumeAsync("web-1", Cancel);
        Assert.Equal("web-1", await answer);
        Assert.Equal((web.Pid, "running"), await run.ReplicaAsync("web-1") is var resumed ? (resumed.Pid, resumed.State) : default);
    }

    [Fact]
    public async Task A_restarted_sidecar_has_its_ports_and_the_application_does_not_notice()
    {
        await using var checkout = new Checkout();
        var (run, control) = await StartAsync(checkout);
        var before = await run.ReplicaAsync("web-1");
        await control.RestartSidecarAsync("web-1", Cancel);
        Assert.Equal(before, await run.BecomesAsync("web-1", r => r.State == "running"));
        Assert.StartsWith("web-", await AskAsync(before.DaprHttpPort), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scaling_starts_and_stops_replicas()
    {
        await using var checkout = new Checkout();
        var (run, control) = await StartAsync(checkout);
        Assert.Equal(4, await control.ScaleAsync("web", 4, Cancel));
        var added = await run.BecomesAsync("web-4", r => r.State == "running");
        Assert.Equal("web-4", await Http.GetStringAsync($"http://127.0.0.1:{added.AppPort}/env/SAMPLES_REPLICA", Cancel));
        Assert.Equal(1, await control.ScaleAsync("web", 1, Cancel));
        await Started.IsGoneAsync(added.Pid);
        Assert.Equal("web-1", Assert.Single(await control.ListAsync(Cancel)).Name);
    }

    [Fact]
    public async Task What_makes_no_sense_is_answered_with_a_problem()
    {
        await using var checkout = new Checkout();
        var (run, _) = await StartAsync(checkout);
        using var http = new HttpClient { BaseAddress = run.ControlAddress.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", run.ControlAddress.Token);
        foreach (var (method, path, body, status, title) in new (string, string, string?, int, string)[]
        {
            ("POST", "/replicas/nobody/kill", null, 404, "There is no replica 'nobody'. Running: web-1, web-2."),
            ("POST", "/replicas/web-1/paint", null, 404, "There is no action 'paint'."),
            ("PUT", "/apps/nothing/replicas", """{"count":1}""", 404, "There is no app 'nothing'. Running: web."),
            ("PUT", "/apps/web/replicas", """{"count":33}""", 422, "That number of replicas is not possible."),
            ("PUT", "/apps/web/replicas", """{"count":-1}""", 422, "That number of replicas is not possible."),
            ("PUT", "/apps/web/replicas", "{}", 400, "The number of replicas is missing."),
            ("PUT", "/apps/web/replicas", """{"count":"many"}""", 400, "Bad Request"),
            ("PUT", "/apps/web/replicas", "{", 400, "Bad Request"),
            ("GET", "/nothing", null, 404, "Not Found"),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await http.SendAsync(request, Cancel);
            Assert.Equal(title, (await AssertProblemAsync(answer, (HttpStatusCode)status)).GetProperty("title").GetString());
        }
    }

    private static async Task<(Started Run, Lab.ControlClient Control)> StartAsync(Checkout checkout)
    {
        checkout.Add("tiny", Template(Entry("web", "appPort: 1"), Entry("web", "appPort: 2")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        return (run, run.Control);
    }

    private static async Task<string> AskAsync(int sidecar) =>
        await Http.GetStringAsync($"http://127.0.0.1:{sidecar}/v1.0/invoke/web/method/env/SAMPLES_REPLICA", Cancel);

    private static async Task<JsonElement> AssertProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }
}
