using Dapr.Client;
using Microsoft.Extensions.Time.Testing;
using Samples.QueueManager;
using Xunit;

namespace Samples.Services.WorkQueue;

/// <summary>Two managers, each with its own clock, and one record in Dapr state.</summary>
public sealed class LeadershipTests : IAsyncLifetime
{
    private readonly Machine _machine = new();
    private readonly FakeTimeProvider _time = new(), _otherTime = new();
    private DaprClient _dapr = null!;
    private Leadership _one = null!, _two = null!;

    public async ValueTask InitializeAsync()
    {
        var sidecar = await _machine.AddSidecarAsync("queue-manager");
        _dapr = new DaprClientBuilder().UseHttpEndpoint($"http://127.0.0.1:{sidecar.HttpPort}")
            .UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}").Build();
        _one = Manager("one", _time);
        _two = Manager("two", _otherTime);
    }

    [Fact]
    public async Task The_first_to_ask_leads_and_the_other_waits()
    {
        await BothBeatAsync();
        Assert.True(_one.IsHeld);
        Assert.Equal(1, _one.Term);
        Assert.False(_two.IsHeld);
    }

    [Fact]
    public async Task A_leader_that_beats_stays_for_ever()
    {
        for (var beat = 0; beat < 20; beat++)
        {
            await BothBeatAsync();
            Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(_one.IsHeld);
        Assert.Equal(1, _one.Term);
        Assert.False(_two.IsHeld);
    }

    [Fact]
    public async Task A_silent_leader_steps_down_by_its_own_clock_and_the_other_takes_over_in_a_new_term()
    {
        await BothBeatAsync();
        Advance(TimeSpan.FromSeconds(3));
        Assert.False(_one.IsHeld);
        await _two.BeatAsync(Machine.Cancel);
        Assert.True(_two.IsHeld);
        Assert.Equal(2, _two.Term);
        await _one.BeatAsync(Machine.Cancel);
        Assert.False(_one.IsHeld);
    }

    [Fact]
    public async Task A_leader_whose_clock_stood_still_does_not_win_back_what_it_lost()
    {
        await BothBeatAsync();
        // Frozen: only the other one's time goes on.
        _otherTime.Advance(TimeSpan.FromSeconds(3));
        await _two.BeatAsync(Machine.Cancel);
        Assert.True(_two.IsHeld);
        await _one.BeatAsync(Machine.Cancel);
        Assert.False(_one.IsHeld);
        Assert.True(_two.IsHeld);
    }

    [Fact]
    public async Task Whoever_hands_over_is_followed_at_once()
    {
        await BothBeatAsync();
        await _one.ReleaseAsync(Machine.Cancel);
        Assert.False(_one.IsHeld);
        await _two.BeatAsync(Machine.Cancel);
        Assert.True(_two.IsHeld);
        Assert.Equal(2, _two.Term);
    }

    [Fact]
    public async Task Of_ten_that_begin_at_the_same_moment_one_leads()
    {
        var all = Enumerable.Range(0, 10).Select(i => Manager($"m{i}", _time)).ToList();
        await Task.WhenAll(all.Select(m => m.BeatAsync(Machine.Cancel)));
        Assert.Single(all, m => m.IsHeld);
    }

    private Leadership Manager(string name, TimeProvider time) =>
        new(_dapr, QueueSettings.Read(("SAMPLES_REPLICA", name), ("LEADER_SECONDS", "3")), time);

    private async Task BothBeatAsync()
    {
        await _one.BeatAsync(Machine.Cancel);
        await _two.BeatAsync(Machine.Cancel);
    }

    private void Advance(TimeSpan by)
    {
        _time.Advance(by);
        _otherTime.Advance(by);
    }

    public async ValueTask DisposeAsync()
    {
        _dapr.Dispose();
        await _machine.DisposeAsync();
    }
}
