namespace Samples.Experiments.Functions;

/// <summary>The decorator, codes, the sign-up pipeline, and functions that sleep until they are needed.</summary>
public sealed class FunctionsExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "functions";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["seed", "users", "attempts", "sign-ups"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable => ["decorator", "etags", "tries", "marks"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        if (context.Faults is not { } faults)
            return [Claim.NotRun("each user gets exactly one welcome although handlers die", "all", "Nothing here can kill replicas.")];
        var random = new Random(context.Option("seed", 1));
        using var view = new FunctionsView(context, faults);
        var codes = new CodePhase(context, view, random);
        // Its time runs while the others have their turn.
        var expiry = await codes.BeginExpiryAsync(cancellationToken);
        return
        [
            await new DecoratorPhase(context, view, random).RunAsync(cancellationToken),
            await new ScalePhase(faults, view).RunAsync(cancellationToken),
            .. await codes.RunAsync(cancellationToken),
            .. await new SignUpPhase(context, faults, view, random).RunAsync(cancellationToken),
            await expiry(),
            .. await new SleepPhase(context, view).RunAsync(cancellationToken),
        ];
    }
}
