using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>A server that is away is a failure of the target: policies try again, and breakers count.</summary>
public sealed class RedisPolicyTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Theory(Timeout = 120_000)]
    [InlineData("state.redis", "GET", "/v1.0/state/it/k")]
    [InlineData("pubsub.redis", "POST", "/v1.0/publish/it/t")]
    [InlineData("lock.redis", "POST", "/v1.0-alpha1/lock/it")]
    public async Task While_it_is_away_calls_are_tried_again_and_the_breaker_counts_each_try(string type, string method, string path)
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var components = Machine.Component("it", type, ("redisHost", bench.Server.Host), ("readTimeout", "500ms"));
        using var http = Machine.Http(await _machine.StartAsync(Policy + components));
        await bench.Server.KillAsync();
        object? body = method == "GET" ? null : new { resourceId = "r", lockOwner = "me", expiryInSeconds = 60 };

        // Three tries of one call open a breaker that opens after three failures.
        var first = await Machine.AskAsync(http, new HttpMethod(method), path, body);
        var second = await Machine.AskAsync(http, new HttpMethod(method), path, body);

        Assert.Equal((500, 500), (first.Status, second.Status));
        Assert.Contains("circuit breaker is open", second.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("circuit breaker is open", first.Body, StringComparison.Ordinal);
    }

    private const string Policy = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata:
          name: resiliency
        spec:
          policies:
            retries:
              twice:
                policy: constant
                duration: 10ms
                maxRetries: 2
            circuitBreakers:
              third:
                maxRequests: 1
                timeout: 600s
                trip: consecutiveFailures >= 3
          targets:
            components:
              it:
                outbound:
                  retry: twice
                  circuitBreaker: third
        ---

        """;

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
