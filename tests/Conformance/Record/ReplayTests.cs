using Samples.Conformance.Daprd;
using Xunit;

namespace Samples.Conformance.Record;

/// <summary>
/// The embedded runtime held to the recorded answers of daprd 1.18: every case in order, over HTTP and over gRPC. What differs on
/// purpose stands in <c>differences.json</c> with its reason; anything else fails here, and so does an entry that no longer differs.
/// </summary>
public sealed class ReplayTests(Replay replay) : IClassFixture<Replay>
{
    // Daprd itself has no excuse.
    internal static IReadOnlyList<DeliberateDifference> Deliberate { get; } = Executables.AreReal ? [] : DeliberateDifference.Load();

    public static TheoryData<string, string> Blocks() =>
        [.. ((string[])["http", "grpc"]).SelectMany(RecordedCase.Load).Select(c => (c.Transport, c.Block)).Distinct()];

    [Theory, MemberData(nameof(Blocks))]
    public void A_block_answers_as_recorded(string transport, string block)
    {
        if (Replay.Pending.TryGetValue(block, out var reason))
            Assert.Skip(reason);
        List<string> unexpected = [.. replay.Results.Where(r => r.Key.Transport == transport && r.Key.Block == block)
            .SelectMany(
                r => r.Value.Where(d => !Deliberate.Any(known => known.Covers(r.Key, d))).Select(
                    d => $"{r.Key} | {d.At}\n    recorded {d.Recorded}\n    here     {d.Actual}"))];
        if (unexpected.Count > 0)
            Assert.Fail(string.Join('\n', unexpected));
    }

    [Fact, EmbeddedOnly("a list of this runtime's differences")]
    public void Every_deliberate_difference_still_differs()
    {
        var gone = Deliberate.Where(known => known.Applies && !replay.Results.Any(r => r.Value.Any(d => known.Covers(r.Key, d))));
        Assert.Empty(gone.Select(known => $"{known.Case} | {known.At}"));
    }

    [Fact]
    public void Every_deliberate_difference_says_why() => Assert.DoesNotContain(Deliberate, known => known.Why.Length < 20);
}
