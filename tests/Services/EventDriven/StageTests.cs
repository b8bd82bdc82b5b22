using Microsoft.Extensions.Configuration;
using Samples.Defaults;
using Samples.Splitter;
using Samples.Stages;
using Xunit;

namespace Samples.Services.EventDriven;

/// <summary>What all stages share, without a sidecar: settings, the memory of seen ids, bulks, the drawing.</summary>
public sealed class StageTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("INPUTS", "a, b")]
    [InlineData("INPUTS", "a b/c")]
    [InlineData("OUTPUTS", "")]
    [InlineData("KEY", "event.data.")]
    [InlineData("SEEN_SECONDS", "soon")]
    [InlineData("BATCH", "0")]
    [InlineData("PARTITION_BY_KEY", "yes")]
    public void A_setting_that_cannot_be_read_is_an_error_at_the_start(string name, string value) => Assert.Contains(
        name, Assert.Throws<WrongSettingException>(() => StageSettings.From(Configured((name, value)), "filter")).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("a: event.data.x ==")]
    [InlineData("a: true")]
    [InlineData("a: true\nb: true\nc: true")]
    [InlineData("a true")]
    public void A_route_that_cannot_be_read_is_an_error_at_the_start(string routes) => Assert.Throws<WrongSettingException>(
        () => TopicRoute.ReadAll(Configured(("ROUTES", routes)), ["a", "b"]));

    [Fact]
    public void What_was_seen_is_forgotten_only_after_redelivery_has_ended()
    {
        var window = new SeenWindow(TimeSpan.FromSeconds(10));
        for (var second = 0; second < 20; second++)
            window.Add(window.Make(second, [$"id-{second}"], Start.AddSeconds(second)));
        Assert.True(window.Contains("id-0"));
        var over = window.Over(19, most: 100);
        Assert.Equal(Enumerable.Range(0, 9).Select(n => (long)n), over);
        window.ForgetBefore(9);
        Assert.False(window.Contains("id-8"));
        Assert.True(window.Contains("id-9"));
    }

    [Fact]
    public void Time_without_events_counts_for_nothing()
    {
        var window = new SeenWindow(TimeSpan.FromSeconds(10));
        window.Add(window.Make(0, ["before"], Start));
        var entry = window.Make(1, ["after"], Start.AddHours(5));
        Assert.Equal(1, entry.Clock);
        Assert.Empty(window.Over(entry.Clock, most: 100));
    }

    [Fact]
    public void A_bulk_has_each_key_once_and_keys_stay_in_their_order()
    {
        var events = "abacab".Select((key, at) => new Outgoing("t", [(byte)at]) { Key = $"{key}" }).ToList();
        var bulks = Outbox.Bulks(events).ToList();
        Assert.All(bulks, b => Assert.Distinct(b.Select(e => e.Key)));
        foreach (var key in events.GroupBy(e => e.Key))
            Assert.Equal(key, bulks.SelectMany(b => b).Where(e => e.Key == key.Key));
        Assert.Equal(events.Count, bulks.Sum(b => b.Count));
    }

    [Fact]
    public void Ids_follow_from_what_something_was_made_of()
    {
        Assert.Equal(DerivedIds.Row("digest", 7), DerivedIds.Row("digest", 7));
        Assert.Distinct([DerivedIds.Row("d", 1), DerivedIds.Row("d", 2), DerivedIds.Part("d", 1), DerivedIds.DeadLetter("s", "d")]);
    }

    [Fact]
    public void A_flow_is_drawn_from_its_wiring()
    {
        var drawing = new Flow([new Wiring("copier", "copier", ["a"], ["b", "c"], "dead"), Wiring.Unknown("gone")]).ToMermaid();
        Assert.Contains("topic-a --> stage-copier", drawing, StringComparison.Ordinal);
        Assert.Contains("stage-copier --> topic-c", drawing, StringComparison.Ordinal);
        Assert.Contains("gone (no answer)", drawing, StringComparison.Ordinal);
    }

    private static IConfiguration Configured(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection([new("INPUTS", "in"), new("OUTPUTS", "out")])
        .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Name, s.Value))).Build();
}
