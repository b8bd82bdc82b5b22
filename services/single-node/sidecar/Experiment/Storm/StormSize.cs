namespace Samples.Experiments.Sidecar.Storm;

/// <summary>How long a storm is, and where its chance begins.</summary>
/// <param name="Seconds">Its length; 0 for none.</param>
/// <param name="Seed">Draws who is killed and when, and what is changed.</param>
internal sealed record StormSize(int Seconds, int Seed)
{
    private const int Otherwise = 8, ShortestPause = 1500, LongestPause = 6000;

    /// <summary>
    /// The longest pause between two kills in milliseconds. A short storm has to reach everybody once; in a long one there shall be
    /// something to be killed.
    /// </summary>
    public int MostPause => Math.Clamp(Seconds * 200, ShortestPause, LongestPause);

    /// <summary><c>--set storm=SECONDS</c> and <c>--set seed=NUMBER</c>; without a seed each run draws its own, and tells it.</summary>
    public static StormSize From(ExperimentContext context) =>
        new(context.Option("storm", Otherwise), context.Option("seed", Random.Shared.Next(1, 1_000_000)));
}
