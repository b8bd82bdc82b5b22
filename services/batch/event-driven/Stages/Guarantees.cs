namespace Samples.Stages;

/// <summary>What makes a flow exactly once and in order, in effect: all of it, but in experiments that show what happens without.</summary>
public sealed class Guarantees
{
    /// <summary>Events that were seen are dropped.</summary>
    public bool Deduplication { get; private set; } = true;

    /// <summary>Events of one key are handled and published in their order. Without it a batch is a set.</summary>
    public bool KeyOrder { get; private set; } = true;

    /// <summary>Changes what is said; null leaves it as it is.</summary>
    public void Set(WantedGuarantees wanted)
    {
        Deduplication = wanted.Deduplication ?? Deduplication;
        KeyOrder = wanted.KeyOrder ?? KeyOrder;
        DerivedIds.Enabled = wanted.DerivedIds ?? DerivedIds.Enabled;
    }
}

/// <summary>Guarantees to be had from now on.</summary>
/// <param name="Deduplication">Events that were seen are dropped.</param>
/// <param name="DerivedIds">Ids follow from what something was made of; else each is a new one.</param>
/// <param name="KeyOrder">Events of one key stay in their order.</param>
public sealed record WantedGuarantees(bool? Deduplication, bool? DerivedIds, bool? KeyOrder);
