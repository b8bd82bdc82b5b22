using CsCheck;
using Samples.Experiments.Ownership;
using Xunit;

namespace Samples.Services.Ownership;

/// <summary>The judge is judged: histories that are wrong in one way each, and random ones whose truth is known.</summary>
public sealed class HistoryCheckerTests
{
    [Fact]
    public void One_owner_after_the_other_is_right() => AssertRight(History(
        [Belief("a", 1, 0, 10), Belief("a", 1, 5, 15), Belief("b", 2, 15, 25), Belief("a", 3, 30, 40)],
        entries: [Entry(1, "a"), Entry(1, "a"), Entry(2, "b"), Entry(3, "a")]));

    [Fact]
    public void Two_that_believe_at_once_are_seen() =>
        Assert.Equal(
            ["a (term 1) and b (term 2) for 1 ms"], HistoryChecker.Overlaps(History([Belief("a", 1, 0, 10), Belief("b", 2, 9, 19)])));

    [Fact]
    public void A_renewal_of_one_meets_a_belief_of_another() =>
        Assert.Single(HistoryChecker.Overlaps(History([Belief("a", 1, 0, 10), Belief("b", 2, 10, 20), Belief("a", 1, 12, 14)])));

    [Fact]
    public void A_long_belief_meets_every_later_one() =>
        Assert.Equal(2, HistoryChecker.Overlaps(History([Belief("a", 1, 0, 100), Belief("b", 2, 10, 20), Belief("c", 3, 30, 40)])).Count);

    [Fact]
    public void Who_stepped_down_believes_no_more() =>
        Assert.Empty(HistoryChecker.Overlaps(History([Belief("a", 1, 0, 10), Belief("a", 1, 4, 4), Belief("b", 2, 5, 15)])));

    [Fact]
    public void The_dead_believe_nothing()
    {
        Belief[] beliefs = [Belief("a", 1, 0, 10), Belief("b", 2, 5, 15)];
        Assert.Single(HistoryChecker.Overlaps(History(beliefs)));
        Assert.Empty(HistoryChecker.Overlaps(History(beliefs, [new Death("a", Ms(5))])));
        Assert.Single(HistoryChecker.Overlaps(History(beliefs, [new Death("b", Ms(20))])));
        // Dead before it believed: that was an earlier life.
        Assert.Single(HistoryChecker.Overlaps(History([Belief("a", 1, 2, 10), Belief("b", 2, 5, 15)], [new Death("a", Ms(1))])));
    }

    [Fact]
    public void A_term_with_two_owners_is_seen() =>
        Assert.Contains(
            "term 1 was given to a and b", HistoryChecker.TermsThatDoNotRise(History([Belief("a", 1, 0, 10), Belief("b", 1, 10, 20)])));

    [Fact]
    public void A_term_that_falls_is_seen() =>
        Assert.Equal(
            ["term 1 began after term 2"], HistoryChecker.TermsThatDoNotRise(History([Belief("a", 2, 0, 10), Belief("b", 1, 10, 20)])));

    [Fact]
    public void A_term_in_which_two_wrote_is_seen() =>
        Assert.Single(HistoryChecker.TermsThatDoNotRise(History([], entries: [Entry(1, "a"), Entry(1, "b")])));

    [Fact]
    public void A_write_of_an_old_term_after_a_newer_one_is_seen() => Assert.Equal([2L],
        HistoryChecker.StaleWrites(History([], entries: [Entry(1, "a"), Entry(2, "b"), Entry(1, "a"), Entry(2, "b")]))
            .Select(e => e.Sequence));

    [Fact]
    public void Random_histories_of_one_owner_at_a_time_are_right() => Lives.Sample(lives => AssertRight(Play(lives)));

    [Fact]
    public void A_belief_that_lasts_into_the_next_owners_time_is_seen() => Gen.Select(Lives, Gen.Int[0, 1000]).Sample((lives, pick) =>
    {
        var history = Play(lives);
        var changes = Enumerable.Range(0, history.Beliefs.Count - 1)
            .Where(i => history.Beliefs[i].Replica != history.Beliefs[i + 1].Replica).ToList();
        if (changes.Count == 0)
            return;
        var at = changes[pick % changes.Count];
        var longer = history.Beliefs[at] with { Until = history.Beliefs[at + 1].At + Ms(1) };
        Assert.NotEmpty(
            HistoryChecker.Overlaps(history with { Beliefs = [.. history.Beliefs.Take(at), longer, .. history.Beliefs.Skip(at + 1)] }));
    });

    // Each life: which replica, how many renewals, how long the pause after it.
    private static readonly Gen<(int Replica, int Renewals, int Pause)[]> Lives = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 4], Gen.Int[0, 5])
        .Array[1, 12];

    private static OwnershipHistory Play((int Replica, int Renewals, int Pause)[] lives)
    {
        var (beliefs, entries) = (new List<Belief>(), new List<LedgerEntry>());
        var (now, term) = (0, 0L);
        foreach (var (replica, renewals, pause) in lives)
        {
            var name = $"owner-{replica}";
            term++;
            for (var renewal = 0; renewal <= renewals; renewal++, now += 5)
            {
                beliefs.Add(Belief(name, term, now, now + 10));
                entries.Add(new LedgerEntry(entries.Count, term, name));
            }

            // The last renewal lasts ten, of which five are over.
            now += 5 + pause;
        }

        return new OwnershipHistory(beliefs, [], entries);
    }

    private static void AssertRight(OwnershipHistory history)
    {
        Assert.Empty(HistoryChecker.TermsThatDoNotRise(history));
        Assert.Empty(HistoryChecker.StaleWrites(history));
        Assert.Empty(HistoryChecker.Overlaps(history));
    }

    private static OwnershipHistory History(Belief[] beliefs, Death[]? deaths = null, LedgerEntry[]? entries = null) =>
        new(beliefs, deaths ?? [], [.. (entries ?? []).Select((e, i) => e with { Sequence = i })]);

    private static Belief Belief(string replica, long term, int at, int until) => new("task", replica, term, Ms(at), Ms(until));

    private static LedgerEntry Entry(long term, string replica) => new(0, term, replica);

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
