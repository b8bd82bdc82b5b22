namespace Samples.Lab.Measuring;

/// <summary>
/// Something against a reference of the same run, measured in turns with it: with a fault and without, with the pattern's help and
/// without. Whatever else the machine does disturbs both alike, so that their ratio holds on a slow and on a busy machine where no number
/// of milliseconds would. A round is some values of the one and, right before or after, some of the other.
/// </summary>
/// <param name="statistic">
/// Makes one number of all values of a side, such as <see cref="Quantiles.Median"/> or <see cref="Quantiles.P99"/>.
/// </param>
public sealed class Comparison(Func<IEnumerable<double>, double> statistic)
{
    private const int Resamples = 400, Seed = 1;
    private const double Confidence = 0.95;

    private readonly List<(double[] Subject, double[] Reference)> _rounds = [];

    /// <summary>How many rounds there are.</summary>
    public int Rounds => _rounds.Count;

    /// <summary>The statistic of all values of what is compared.</summary>
    public double Subject => statistic(_rounds.SelectMany(r => r.Subject));

    /// <summary>The statistic of all values of the reference.</summary>
    public double Reference => statistic(_rounds.SelectMany(r => r.Reference));

    /// <summary>How many times the reference it is.</summary>
    public double Ratio => Subject / Reference;

    /// <summary>
    /// Where the ratio lies with 95% confidence, by drawing rounds with replacement (the percentile bootstrap of B. Efron, 1979). Whole
    /// rounds, because what disturbs one value of a round disturbs its neighbours. It needs about five rounds to mean much.
    /// </summary>
    public Interval Interval
    {
        get
        {
            if (Rounds == 0)
                return new Interval(double.NaN, double.NaN);
            // The same draws each time: the same measurements get the same verdict.
            var random = new Random(Seed);
            var rounds = _rounds.ToArray();
            double[] ratios = [.. Enumerable.Range(0, Resamples).Select(_ => RatioOf(random.GetItems(rounds, rounds.Length)))];
            return new Interval(ratios.Quantile((1 - Confidence) / 2), ratios.Quantile((1 + Confidence) / 2));
        }
    }

    /// <summary>Adds a round.</summary>
    public void Add(IEnumerable<double> subject, IEnumerable<double> reference) => _rounds.Add(([.. subject], [.. reference]));

    /// <summary>True where the measurements so far can tell on which side of a bound the ratio lies.</summary>
    public bool Tells(double bound) => Rounds > 1 && !Interval.Contains(bound);

    /// <summary>The claim that the ratio is at most so much.</summary>
    /// <param name="text">The sentence.</param>
    /// <param name="times">The bound.</param>
    /// <param name="unit">Of the values, to show them: nobody judges them.</param>
    public Claim AtMost(string text, double times, string unit) =>
        new(text, $"at most {Number(times)} times", Measured(unit), Ratio <= times);

    /// <summary>The claim that the ratio is at least so much.</summary>
    /// <inheritdoc cref="AtMost"/>
    public Claim AtLeast(string text, double times, string unit) =>
        new(text, $"at least {Number(times)} times", Measured(unit), Ratio >= times);

    private string Measured(string unit)
    {
        var where = Interval;
        var certain = $"{Number(where.Low)} to {Number(where.High)} times in {Rounds} rounds";
        return $"{Number(Ratio)} times ({Number(Subject)} {unit} against {Number(Reference)}; {certain})";
    }

    private double RatioOf((double[] Subject, double[] Reference)[] rounds) =>
        statistic(rounds.SelectMany(r => r.Subject)) / statistic(rounds.SelectMany(r => r.Reference));

    private static string Number(double value) => value.ToString(Math.Abs(value) < 10 ? "0.##" : "0");
}
