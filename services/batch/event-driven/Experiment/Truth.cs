using System.Globalization;
using Samples.Hashing;

namespace Samples.Experiments.EventDriven;

/// <summary>
/// What a branch of the flow must come to. The fingerprint adds up the hashes of all order numbers: it is the same in any order, and not
/// where an order is missing or there twice.
/// </summary>
internal readonly record struct Truth(long Events, long Quantity, decimal Amount, ulong Fingerprint)
{
    /// <summary>Of these orders, each once.</summary>
    public static Truth Of(IEnumerable<DrawnOrder> orders) => orders.Aggregate(default(Truth), (sum, o) => new Truth(
        sum.Events + 1, sum.Quantity + o.Quantity, sum.Amount + o.Amount, unchecked(sum.Fingerprint + HashRing.Hash(o.Number))));

    /// <summary>Both together.</summary>
    public static Truth operator +(Truth one, Truth other) => new(
        one.Events + other.Events, one.Quantity + other.Quantity, one.Amount + other.Amount,
        unchecked(one.Fingerprint + other.Fingerprint));

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Events} orders, {Quantity} pieces, {Amount:0.00}, fingerprint {Fingerprint:x16}");
}

/// <summary>What the report has of a run and topic, as far as it matters here.</summary>
internal sealed record PartRecord(long Events, long Quantity, decimal Amount, string Fingerprint, IReadOnlyList<string> Wrong)
{
    /// <summary>To be compared with what is true.</summary>
    public Truth ToTruth() => new(Events, Quantity, Amount, ulong.Parse(Fingerprint, CultureInfo.InvariantCulture));
}
