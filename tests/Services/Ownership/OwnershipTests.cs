using Dapr.Client;
using Microsoft.Extensions.Time.Testing;
using Samples.Owner;
using Samples.Runtime;
using Xunit;

namespace Samples.Services.Ownership;

/// <summary>The mechanisms against a real sidecar, on a clock that the test moves.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-ownership-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly List<IDisposable> _open = [];
    private DaprRuntime _runtime = null!;
    private DaprClient _dapr = null!;

    [Theory, InlineData("lock"), InlineData("compare-and-swap")]
    public async Task One_of_two_owns_and_keeps_what_it_renews(string mechanism)
    {
        var (one, two) = (Create(mechanism, "one"), Create(mechanism, "two"));
        await one.BeatAsync(Cancel);
        for (var renewal = 0; renewal < 5; renewal++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.6));
            await two.BeatAsync(Cancel);
            await one.BeatAsync(Cancel);
            Assert.Null(two.Lease);
            Assert.Equal(1, one.Lease!.Term);
            Assert.True(one.Lease.IsValid(_time));
        }
    }

    [Theory, InlineData("lock"), InlineData("compare-and-swap")]
    public async Task Who_does_not_renew_stops_believing_before_another_may_take_over(string mechanism)
    {
        var (one, two) = (Create(mechanism, "one"), Create(mechanism, "two"));
        await one.BeatAsync(Cancel);
        await two.BeatAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(1.81));
        Assert.False(one.Lease!.IsValid(_time));
        await two.BeatAsync(Cancel);
        Assert.Null(two.Lease);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        await two.BeatAsync(Cancel);
        Assert.Equal(2, two.Lease!.Term);
        // It comes back late, and sees that it is over.
        await one.BeatAsync(Cancel);
        Assert.Null(one.Lease);
    }

    [Theory, InlineData("lock"), InlineData("compare-and-swap")]
    public async Task Who_hands_over_is_followed_at_once_by_a_higher_term(string mechanism)
    {
        var (one, two) = (Create(mechanism, "one"), Create(mechanism, "two"));
        await one.BeatAsync(Cancel);
        await two.BeatAsync(Cancel);
        await one.ReleaseAsync(Cancel);
        Assert.Null(one.Lease);
        await two.BeatAsync(Cancel);
        Assert.Equal(2, two.Lease!.Term);
    }

    [Theory, InlineData("lock"), InlineData("compare-and-swap")]
    public async Task A_replica_that_starts_again_under_its_name_is_somebody_else(string mechanism)
    {
        var first = Create(mechanism, "one");
        await first.BeatAsync(Cancel);
        var again = Create(mechanism, "one");
        await again.BeatAsync(Cancel);
        Assert.Null(again.Lease);
        _time.Advance(TimeSpan.FromSeconds(2.01));
        await again.BeatAsync(Cancel);
        Assert.Equal(2, again.Lease!.Term);
    }

    [Theory, InlineData("lock"), InlineData("compare-and-swap")]
    public async Task A_standby_of_the_owner_s_name_that_stops_releases_nothing(string mechanism)
    {
        var (owner, standby, other) = (Create(mechanism, "one"), Create(mechanism, "one"), Create(mechanism, "two"));
        await owner.BeatAsync(Cancel);
        await standby.BeatAsync(Cancel);
        await other.BeatAsync(Cancel);
        // What SIGTERM does.
        await standby.ReleaseAsync(Cancel);
        await other.BeatAsync(Cancel);
        Assert.Null(other.Lease);
        _time.Advance(TimeSpan.FromSeconds(0.6));
        await owner.BeatAsync(Cancel);
        Assert.Equal(1, owner.Lease!.Term);
        Assert.True(owner.Lease.IsValid(_time));
        await other.BeatAsync(Cancel);
        Assert.Null(other.Lease);
    }

    [Theory, InlineData("lock"), InlineData("compare-and-swap")]
    public async Task Of_many_that_try_at_once_one_wins(string mechanism)
    {
        var replicas = Enumerable.Range(0, 8).Select(i => Create(mechanism, $"r{i}")).ToList();
        var highest = 0L;
        for (var round = 1; round <= 3; round++)
        {
            await Task.WhenAll(replicas.Select(r => r.BeatAsync(Cancel)));
            Assert.True(replicas.Count(r => r.Lease is { } l && l.IsValid(_time)) <= 1);
            // Those who were in each other's way try again, one after the other.
            foreach (var replica in replicas)
                await replica.BeatAsync(Cancel);
            Assert.Single(replicas, r => r.Lease is { } l && l.IsValid(_time));
            // The last owner may be the first to come back: then it goes on in its term.
            Assert.InRange(replicas.Max(r => r.Lease?.Term) ?? 0, Math.Max(1, highest), round);
            highest = replicas.Max(r => r.Lease?.Term) ?? 0;
            _time.Advance(TimeSpan.FromSeconds(2.01));
        }
    }

    [Fact]
    public async Task Beliefs_are_noted_with_their_end()
    {
        using var history = new BeliefHistory(Options("one"), _time);
        var owner = new CompareAndSwapOwnership(_dapr, Options("one"), history, _time);
        await owner.BeatAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        await owner.ReleaseAsync(Cancel);
        var (granted, ended) = (history.Read()[0], history.Read()[1]);
        Assert.Equal(
            ("compare-and-swap", "one", 1L, granted.At + TimeSpan.FromSeconds(1.8)),
            (granted.Mechanism, granted.Replica, granted.Term, granted.Until));
        Assert.Equal((1L, granted.At + TimeSpan.FromSeconds(1), ended.At), (ended.Term, ended.At, ended.Until));
    }

    private Samples.Owner.Ownership Create(string mechanism, string replica)
    {
        // A file of its own each: two lives of one name would share it.
        var options = Options(replica) with { Data = Path.Combine(_folder, $"{_open.Count}") };
        var history = new BeliefHistory(options, _time);
        _open.Add(history);
        return mechanism == "lock"
            ? new LockOwnership(_dapr, options, history, _time)
            : new CompareAndSwapOwnership(_dapr, options, history, _time);
    }

    private OwnerOptions Options(string replica) => new()
    {
        Ttl = TimeSpan.FromSeconds(2),
        Work = TimeSpan.FromMilliseconds(50),
        StateStore = "statestore",
        LockStore = "lockstore",
        Ledger = "ledger",
        Replica = replica,
        Data = _folder,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The runtime's locks expire by the same clock.
        _runtime = new DaprRuntime(new RuntimeOptions { Time = _time });
        var components = Directory.CreateDirectory(Path.Combine(_folder, "components")).FullName;
        foreach (var (name, type) in new[] { ("statestore", "state.sqlite"), ("lockstore", "lock.sqlite") })
        {
            await File.WriteAllTextAsync(Path.Combine(components, name + ".yaml"), $"""
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata:
                  name: {name}
                spec:
                  type: {type}
                  version: v1
                  metadata:
                  - name: connectionString
                    value: {name}.db
                """, Cancel);
        }

        var sidecar = await _runtime.AddSidecarAsync(
            new SidecarOptions("owner") { ResourcePaths = [components], BaseDirectory = _folder }, Cancel);
        _dapr = new DaprClientBuilder().UseHttpEndpoint($"http://127.0.0.1:{sidecar.HttpPort}")
            .UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}").Build();
    }

    public async ValueTask DisposeAsync()
    {
        _dapr.Dispose();
        await _runtime.DisposeAsync();
        _open.ForEach(o => o.Dispose());
        Directory.Delete(_folder, recursive: true);
    }
}
