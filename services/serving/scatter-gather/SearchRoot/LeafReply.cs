namespace Samples.SearchRoot;

/// <summary>What became of the question to one leaf.</summary>
/// <param name="Leaf">The leaf's number.</param>
/// <param name="Answer">Null where none came in time.</param>
/// <param name="Replica">Who answered; null where nobody did.</param>
/// <param name="Elapsed">Until the answer, or until it was given up.</param>
/// <param name="Hedged">A second replica was asked because the first was late.</param>
/// <param name="Problem">Why there is no answer: <c>late</c>, or how the last replica failed; null where there is one.</param>
public sealed record LeafReply<T>(int Leaf, T? Answer, string? Replica, TimeSpan Elapsed, bool Hedged, string? Problem = null)
    where T : class;
