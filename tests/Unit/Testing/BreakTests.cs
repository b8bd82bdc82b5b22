using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Unit.Testing;

/// <summary>Components that a test breaks, as the application sees them.</summary>
public sealed class BreakTests
{
    private const string Resiliency = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata:
          name: resiliency
        spec:
          policies:
            retries:
              thrice: { policy: constant, duration: 1ms, maxRetries: 3 }
            timeouts:
              second: 1s
            circuitBreakers:
              two: { maxRequests: 1, timeout: 30s, trip: consecutiveFailures >= 2 }
          targets:
            components:
              retried:
                outbound: { retry: thrice }
              limited:
                outbound: { timeout: second }
              guarded:
                outbound: { circuitBreaker: two }
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_that_fails_answers_as_Dapr_does_until_it_is_repaired()
    {
        await using var dapr = new TestDapr().WithComponent("store", "state.in-memory");
        var app = await dapr.AddSidecarAsync("app", Cancel);
        await app.State("store").SetAsync("a", 1, cancel: Cancel);
        using (dapr.Break("store", Fault.Fails("disk full")))
        {
            using var answer = await app.SidecarHttp.GetAsync("/v1.0/state/store/a", Cancel);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            var said = await answer.Content.ReadAsStringAsync(Cancel);
            Assert.Contains("ERR_STATE_GET", said, StringComparison.Ordinal);
            Assert.Contains("disk full", said, StringComparison.Ordinal);
            // The test itself looks past what it broke.
            Assert.Equal(1, await app.State("store").GetAsync<int>("a", Cancel));
        }

        Assert.Equal("1", await app.SidecarHttp.GetStringAsync("/v1.0/state/store/a", Cancel));
    }

    [Fact]
    public async Task A_retry_policy_bridges_what_fails_a_few_times()
    {
        await using var dapr = new TestDapr().WithComponent("retried", "state.in-memory").WithYaml(Resiliency);
        var app = await dapr.AddSidecarAsync("app", Cancel);
        using var broken = dapr.Break("retried", Fault.Fails().ForCalls(2));
        Assert.Equal(HttpStatusCode.NoContent, await SaveAsync(app, "retried"));
        Assert.Equal((2, 1), (broken.Calls, await app.State("retried").GetAsync<int>("a", Cancel)));
    }

    [Fact]
    public async Task A_circuit_breaker_opens_and_closes_again_when_its_time_comes()
    {
        await using var dapr = new TestDapr(new TestClock()).WithComponent("guarded", "state.in-memory").WithYaml(Resiliency);
        var app = await dapr.AddSidecarAsync("app", Cancel);
        using (var broken = dapr.Break("guarded", Fault.Disconnected()))
        {
            for (var i = 0; i < 5; i++)
                Assert.Equal(HttpStatusCode.InternalServerError, await SaveAsync(app, "guarded"));
            Assert.Equal(2, broken.Calls);
        }

        Assert.Equal(HttpStatusCode.InternalServerError, await SaveAsync(app, "guarded"));
        await dapr.AdvanceAsync(TimeSpan.FromSeconds(31), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, await SaveAsync(app, "guarded"));
    }

    [Fact]
    public async Task A_slow_store_meets_the_time_limit_of_its_policy()
    {
        await using var dapr = new TestDapr(new TestClock()).WithComponent("limited", "state.in-memory").WithYaml(Resiliency);
        var app = await dapr.AddSidecarAsync("app", Cancel);
        using var broken = dapr.Break("limited", Fault.Slow(TimeSpan.FromSeconds(5)));
        var saving = SaveAsync(app, "limited");
        await broken.WhenHitAsync();
        await dapr.AdvanceAsync(TimeSpan.FromSeconds(0.9), Cancel);
        Assert.False(saving.IsCompleted);
        await dapr.AdvanceAsync(TimeSpan.FromSeconds(0.1), Cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, await saving);
        Assert.False(await app.State("limited").HasAsync("a", Cancel));
    }

    [Fact]
    public async Task A_slow_store_without_a_limit_is_only_slow()
    {
        await using var dapr = new TestDapr(new TestClock()).WithComponent("store", "state.in-memory");
        var app = await dapr.AddSidecarAsync("app", Cancel);
        using var broken = dapr.Break("store", Fault.Slow(TimeSpan.FromMinutes(5)));
        var saving = SaveAsync(app, "store");
        await broken.WhenHitAsync();
        Assert.False(await app.State("store").HasAsync("a", Cancel));
        await dapr.AdvanceAsync(TimeSpan.FromMinutes(5), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, await saving);
    }

    [Theory, InlineData("pubsub.in-memory"), InlineData("pubsub.sqlite")]
    public async Task A_broker_without_connection_takes_nothing_and_delivers_later_what_it_has(string type)
    {
        await using var dapr = new TestDapr()
            .WithComponent("pubsub", type, type == "pubsub.sqlite" ? [("connectionString", "broker.db")] : []);
        var handled = 0;
        var app = await dapr.StartAsync("app", web => EventTests.Subscriber(web, "orders", () =>
        {
            handled++;
            return Results.Ok();
        }), cancel: Cancel);
        Task<IReadOnlyList<Delivery>> published;
        using (dapr.Break("pubsub", Fault.Disconnected()))
        {
            using var refused = await app.SidecarHttp.PostAsJsonAsync("/v1.0/publish/pubsub/orders", 1, Cancel);
            Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
            // Somebody else, whose connection holds.
            published = dapr.PublishAsync("pubsub", "orders", 2, cancel: Cancel);
            // With a connection it is there in a few milliseconds.
            await Assert.ThrowsAsync<TimeoutException>(() => published.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel));
            Assert.Equal(0, handled);
        }

        Assert.Equal((DeliveryResult.Success, 2), (Assert.Single(await published) is var d ? (d.Result, d.Data<int>()) : default));
        Assert.Equal(1, handled);
    }

    public static TheoryData<string, string, string, string> Others => new()
    {
        { "lock.sqlite", "POST", "/v1.0-alpha1/lock/c", """{"resourceId":"r","lockOwner":"o","expiryInSeconds":5}""" },
        { "configuration.sqlite", "GET", "/v1.0/configuration/c?key=a", "" },
        { "secretstores.local.env", "GET", "/v1.0/secrets/c/PATH", "" },
        { "bindings.localstorage", "POST", "/v1.0/bindings/c", """{"operation":"list"}""" },
    };

    [Theory, MemberData(nameof(Others))]
    public async Task Every_kind_of_component_can_break(string type, string method, string path, string body)
    {
        (string, string)[] settings = type.EndsWith(".sqlite", StringComparison.Ordinal) ? [("connectionString", "data.db")]
            : type == "bindings.localstorage" ? [("rootPath", "files")] : [];
        await using var dapr = new TestDapr().WithComponent("c", type, settings);
        var app = await dapr.AddSidecarAsync("app", Cancel);
        Assert.True((await AskAsync()).IsSuccess);
        using (dapr.Break("c", Fault.Fails("as the test wants")))
        {
            var (succeeded, said) = await AskAsync();
            Assert.False(succeeded, said);
            Assert.Contains("as the test wants", said, StringComparison.Ordinal);
        }

        Assert.True((await AskAsync()).IsSuccess);

        async Task<(bool IsSuccess, string Body)> AskAsync()
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path)
            { Content = body.Length > 0 ? new StringContent(body, null, "application/json") : null };
            using var answer = await app.SidecarHttp.SendAsync(request, Cancel);
            return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        }
    }

    private static async Task<HttpStatusCode> SaveAsync(TestApp app, string store)
    {
        using var answer = await app.SidecarHttp.PostAsJsonAsync($"/v1.0/state/{store}", new[] { new { key = "a", value = 1 } }, Cancel);
        return answer.StatusCode;
    }
}
