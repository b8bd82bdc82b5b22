using Yarp.ReverseProxy.Forwarder;

namespace Samples.ExperimentAmbassador;

/// <summary>Both arms, who belongs where, and how the experiment fares.</summary>
public sealed class ExperimentArms(
    ExperimentOptions options, IHttpForwarder forwarder, TimeProvider time, ILogger<ExperimentArms> log) : IDisposable
{
    private volatile Split _split = options.Split;

    /// <summary>Who belongs where, now.</summary>
    public Split Split => _split;

    /// <summary>Production in numbers.</summary>
    public Arm Production { get; } = new(options.Production);

    /// <summary>The experiment in numbers.</summary>
    public Arm Experiment { get; } = new(options.Experiment);

    /// <summary>The way to production.</summary>
    public ArmForwarder ProductionForwarder { get; } = new(forwarder, options.Production, options.Silence, options.Silence);

    /// <summary>The way to the experiment.</summary>
    public ArmForwarder ExperimentForwarder { get; } = new(forwarder, options.Experiment, options.Timeout, options.Silence);

    /// <summary>Whether the experiment gets requests.</summary>
    public ArmHealth Health { get; } = new(time);

    /// <summary>Whether a client belongs to the experiment.</summary>
    public bool IsInExperiment(string client) => _split.Includes(options.Name, client);

    /// <summary>
    /// Takes the configuration keys <c>experiment.weights</c> and <c>experiment.mode</c>. What is wrong is told and changes nothing.
    /// </summary>
    public void Configure(IReadOnlyDictionary<string, string> values)
    {
        var weights = values.GetValueOrDefault("experiment.weights", $"{options.Split.Production}/{options.Split.Experiment}");
        var mode = values.GetValueOrDefault("experiment.mode", "split");
        if (mode is "split" or "mirror" && Split.Parse(weights, mode == "mirror" ? SplitMode.Mirror : SplitMode.Split) is { } split)
        {
            log.LogInformation("{Mode} {Weights} from now on", mode, weights);
            _split = split;
        }
        else
        {
            log.LogWarning(
                "experiment.weights '{Weights}', experiment.mode '{Mode}' is no setting, so that nothing changes: {Form} "
                + "The mode is split or mirror",
                weights, mode, Split.Form);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ProductionForwarder.Dispose();
        ExperimentForwarder.Dispose();
    }
}
