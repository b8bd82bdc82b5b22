using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>Resiliency resources, and what their policies do over time.</summary>
public sealed class ResiliencyTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly string _file = Path.GetTempFileName();

    [Theory]
    [InlineData("consecutiveFailures >= 2", 0, 0, 2, true)]
    [InlineData("consecutiveFailures > 2", 9, 0, 2, false)]
    [InlineData("requests > 5 && totalFailures / requests >= 0.5", 6, 3, 0, true)]
    [InlineData("requests > 5 && totalFailures / requests >= 0.5", 6, 2, 0, false)]
    [InlineData("totalFailures > 9 || requests == 4", 4, 0, 0, true)]
    public void A_trip_rule_compares_counts(string rule, long requests, long failures, long consecutive, bool holds) =>
        Assert.Equal(holds, TripRule.Parse(rule).Holds(new BreakerCounts(requests, 0, failures, 0, consecutive)));

    [Theory, InlineData("failures > 5"), InlineData("consecutiveFailures"), InlineData("size(requests) > 1")]
    public void A_rule_that_is_not_understood_is_refused(string rule) => Assert.Throws<FormatException>(() => TripRule.Parse(rule));

    [Theory]
    [InlineData("retries: {r: {policy: linear}}", "unknown", 6)]
    [InlineData("retries: {r: {duration: soon}}", "soon", 6)]
    [InlineData("retries: {r: {delay: 1s}}", "unknown field 'delay'", 6)]
    [InlineData("circuitBreakers: {c: {trip: now}}", "trip", 6)]
    [InlineData("timeouts: {t: 1s}\n  targets:\n    apps:\n      a: {timeout: other}", "'other' is not defined", 9)]
    [InlineData("circuitBreakers: {c: {}}\n  targets:\n    actors:\n      a: {circuitBreaker: c}", "no 'circuitBreakerScope'", 9)]
    public void What_is_wrong_is_named_with_its_line(string policies, string problem, int line)
    {
        var error = Assert.Throws<ResourceException>(() => Load(policies));
        Assert.Contains(problem, error.Message);
        Assert.Equal(line, error.Origin.Line);
    }

    [Fact]
    public async Task An_open_breaker_lets_one_call_through_after_its_timeout_and_closes_when_that_succeeds()
    {
        var policy = new Policies(
            Load("circuitBreakers: {c: {trip: consecutiveFailures >= 2, timeout: 10s}}\n"
                + "  targets:\n    apps:\n      a: {circuitBreaker: c}"),
            _time).App("a", "m");
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<FailedAnswerException>(() => Call(policy, fails: true));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => Call(policy, fails: false));
        _time.Advance(TimeSpan.FromSeconds(11));
        await Assert.ThrowsAsync<FailedAnswerException>(() => Call(policy, fails: true));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => Call(policy, fails: false));
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(await Call(policy, fails: false));
        Assert.True(await Call(policy, fails: false));
    }

    [Fact]
    public void A_target_without_policies_takes_the_defaults()
    {
        var policies = new Policies(
            Load("retries: {DefaultRetryPolicy: {maxRetries: 1}, DefaultComponentOutboundRetryPolicy: {maxRetries: 0}}"), _time);
        Assert.True(policies.App("any", "m")!.Retries);
        Assert.False(policies.Outbound("store", ComponentKind.Statestore)?.Retries ?? false);
        Assert.Null(Policies.None.App("any", "m"));
    }

    [Fact]
    public void The_most_special_default_is_taken_and_a_named_target_takes_none()
    {
        var policies = new Policies(
            Load("retries: {DefaultRetryPolicy: {maxRetries: 1}, DefaultPubsubComponentOutboundRetryPolicy: {maxRetries: 0}}\n"
                                        + "    timeouts: {DefaultTimeoutPolicy: 1s, t: 2s}\n"
                + "  targets:\n    components:\n      named: {outbound: {timeout: t}}"), _time);
        Assert.False(policies.Outbound("broker", ComponentKind.Pubsub)!.Retries);
        Assert.True(policies.Outbound("store", ComponentKind.Statestore)!.Retries);
        Assert.False(policies.Outbound("named", ComponentKind.Statestore)!.Retries);
        Assert.Null(policies.Inbound("named", ComponentKind.Statestore));
    }

    [Fact]
    public async Task Each_method_has_its_own_breaker_and_the_least_used_is_forgotten()
    {
        var policies = new Policies(
            Load("circuitBreakers: {c: {trip: consecutiveFailures >= 1}}\n"
                + "  targets:\n    apps:\n      a: {circuitBreaker: c, circuitBreakerCacheSize: 2}"),
            _time);
        await Assert.ThrowsAsync<FailedAnswerException>(() => Call(policies.App("a", "broken"), fails: true));
        Assert.True(await Call(policies.App("a", "fine"), fails: false));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => Call(policies.App("a", "broken"), fails: false));
        Assert.True(await Call(policies.App("a", "third"), fails: false));
        Assert.True(await Call(policies.App("a", "fine"), fails: false));
        Assert.True(await Call(policies.App("a", "broken"), fails: false));
    }

    [Theory, InlineData("type", false), InlineData("id", true), InlineData("both", true)]
    public async Task An_actors_breaker_is_its_own_or_its_types(string scope, bool own)
    {
        var policies = new Policies(
            Load("circuitBreakers: {c: {trip: consecutiveFailures >= 1}}\n"
                + $"  targets:\n    actors:\n      a: {{circuitBreaker: c, circuitBreakerScope: {scope}}}"),
            _time);
        await Assert.ThrowsAsync<FailedAnswerException>(() => Call(policies.Actor("a", "1"), fails: true));
        if (own)
            Assert.True(await Call(policies.Actor("a", "2"), fails: false));
        else
            await Assert.ThrowsAsync<BrokenCircuitException>(() => Call(policies.Actor("a", "2"), fails: false));
    }

    [Fact]
    public async Task An_open_breaker_ends_the_tries()
    {
        var policy = new Policies(
            Load("retries: {r: {duration: 0s, maxRetries: 9}}\n    circuitBreakers: {c: {trip: consecutiveFailures >= 2}}\n"
                + "  targets:\n    apps:\n      a: {retry: r, circuitBreaker: c}"),
            _time).App("a", "m");
        var calls = 0;
        await Assert.ThrowsAsync<BrokenCircuitException>(() => policy.RunAsync<bool>(_ =>
        {
            calls++;
            throw new FailedAnswerException(500);
        }, TestContext.Current.CancellationToken).AsTask());
        Assert.Equal(2, calls);
    }

    [Fact]
    public void A_resiliency_that_daprd_would_not_see_is_named()
    {
        Load("timeouts: {t: 1s}");
        var first = File.ReadAllText(_file);
        Assert.Empty(ResourceLoader.Load([_file], "app", EngineCatalog.All.Values).Warnings);
        File.WriteAllText(_file, first + "---\n" + first);
        Assert.Contains(_file + ":8: daprd sees", Assert.Single(ResourceLoader.Load([_file], "app", EngineCatalog.All.Values).Warnings));
    }

    [Fact]
    public async Task What_the_caller_did_wrong_is_not_tried_again()
    {
        var policy = new Policies(
            Load("retries: {DefaultRetryPolicy: {duration: 0s, maxRetries: 5}}"), _time).Outbound("store", ComponentKind.Statestore);
        var calls = 0;
        await Assert.ThrowsAsync<Samples.Runtime.Components.ETagMismatchException>(() => policy.RunAsync<bool>(_ =>
        {
            calls++;
            throw new Samples.Runtime.Components.ETagMismatchException("stale");
        }, TestContext.Current.CancellationToken).AsTask());
        Assert.Equal(1, calls);
    }

    private static Task<bool> Call(Policy? policy, bool fails) =>
        policy.RunAsync(
            _ => fails ? throw new FailedAnswerException(500) : new ValueTask<bool>(true), TestContext.Current.CancellationToken).AsTask();

    private IReadOnlyList<Resiliency> Load(string policies)
    {
        File.WriteAllText(
            _file, $"apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {{name: r}}\nspec:\n  policies:\n    {policies}\n");
        return ResourceLoader.Load([_file], "app", EngineCatalog.All.Values).Resiliencies;
    }

    public void Dispose() => File.Delete(_file);
}
