using Microsoft.Extensions.Time.Testing;
using Samples.ExperimentAmbassador;
using Samples.ShardAmbassador.Shards;
using Xunit;

namespace Samples.Services.Ambassador;

public sealed class EjectionTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_server_goes_after_failures_in_a_row_and_returns_when_it_answers_the_probe()
    {
        var ejection = new Ejection(2, TimeSpan.FromSeconds(30), _time);
        Assert.False(ejection.Fail());
        ejection.Succeed();
        Assert.False(ejection.Fail());
        Assert.True(ejection.Fail());
        Assert.False(ejection.Fail());
        Assert.True(ejection.IsEjected);
        Assert.False(ejection.TryBeginProbe());

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(ejection.TryBeginProbe());
        Assert.False(ejection.TryBeginProbe());
        Assert.False(ejection.EndProbe(isAlive: false));
        Assert.True(ejection.IsEjected);
        Assert.False(ejection.TryBeginProbe());

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(ejection.TryBeginProbe());
        Assert.True(ejection.EndProbe(isAlive: true));
        Assert.False(ejection.IsEjected);
        Assert.False(ejection.Fail());
    }

    [Fact]
    public void An_experiment_that_fails_rests_and_is_tried_by_one_request()
    {
        var health = new ArmHealth(_time);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(health.TryEnter());
            health.Report(isAnswered: false);
        }

        Assert.False(health.TryEnter());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(health.TryEnter());
        Assert.False(health.TryEnter());
        health.Report(isAnswered: true);
        Assert.True(health.TryEnter());
        Assert.True(health.TryEnter());
    }
}
