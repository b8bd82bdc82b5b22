using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.ExperimentAmbassador;

/// <summary>What came of the experiment so far.</summary>
/// <param name="Weights">As they are now.</param>
/// <param name="Mode"><c>split</c> or <c>mirror</c>.</param>
/// <param name="Production">One arm.</param>
/// <param name="Experiment">The other arm.</param>
/// <param name="Conversions">How the arms' conversion rates compare.</param>
/// <param name="Verdict">That in words.</param>
public sealed record Evaluation(
    string Weights, SplitMode Mode, ArmReport Production, ArmReport Experiment, ProportionTest Conversions, string Verdict);

/// <summary>The ambassador's own paths; all others are the application's.</summary>
public static class EvaluationEndpoints
{
    private const double Level = 0.05;

    // Below it, the normal approximation of the test says little.
    private const int FewestEach = 10;

    /// <summary>Maps them.</summary>
    public static void MapEvaluation(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ambassador/evaluation", (ExperimentArms arms) => TypedResults.Ok(Evaluate(arms)));
        routes.MapPost("/ambassador/conversions", Results<Created, Ok> (HttpContext http, ExperimentArms arms, ClientIdentity identity) =>
        {
            var client = identity.Of(http);
            return (arms.IsInExperiment(client) ? arms.Experiment : arms.Production).Convert(client)
                ? TypedResults.Created()
                : TypedResults.Ok();
        });
    }

    private static Evaluation Evaluate(ExperimentArms arms)
    {
        var (production, experiment) = (arms.Production.Report(), arms.Experiment.Report());
        var test = Significance.Compare(production.Conversions, production.Clients, experiment.Conversions, experiment.Clients);
        var fewest = new[] { production, experiment }.Min(a => Math.Min(a.Conversions, a.Clients - a.Conversions));
        var verdict =
            fewest < FewestEach ? $"too early: each arm needs at least {FewestEach} clients that converted and {FewestEach} that did not"
            : test.PValue >= Level ? "no difference was shown"
            : test.Difference > 0 ? "the experiment converts better" : "the experiment converts worse";
        return new Evaluation($"{arms.Split.Production}/{arms.Split.Experiment}", arms.Split.Mode, production, experiment, test, verdict);
    }
}
