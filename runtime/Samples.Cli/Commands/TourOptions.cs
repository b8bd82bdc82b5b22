using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary>
/// What a tour was asked to do differently: <c>--set</c>, <c>--rounds</c> and <c>--without</c>, checked before anything starts.
/// </summary>
internal static class TourOptions
{
    public static IReadOnlyDictionary<string, string> Read(string[] pairs, int? rounds, string[] without)
    {
        var options = new Dictionary<string, string>();
        foreach (var pair in pairs)
        {
            if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value])
                throw new ResourceException(Origin.Code, $"'--set {pair}' is no NAME=NUMBER.", "Write for example --set pictures=300.");
            if (!int.TryParse(value, out _))
                throw new ResourceException(
                    Origin.Code, $"'--set {pair}': '{value}' is no whole number.", "Write for example --set pictures=300.");
            options[name] = value;
        }

        if (rounds is < 1)
            throw new ResourceException(Origin.Code, $"'--rounds {rounds}' is no number of rounds.", "Write 1 or more.");
        if (rounds is { } count)
            options["rounds"] = $"{count}";
        foreach (var name in without)
            options[ExperimentContext.WithoutPrefix + name] = "1";
        return options;
    }

    /// <summary>What experiments can do without, for people: <c>ownership: fencing; replicated: retries, draining</c>.</summary>
    public static string DescribeRemovable(IEnumerable<IExperiment> experiments) => string.Join(
        "; ", experiments.Where(e => e.Removable.Count > 0).Select(e => $"{e.Pattern}: {string.Join(", ", e.Removable)}"));

    /// <summary>
    /// A name that no experiment of the tour reads is a typo. Experiments that do not tell their names are believed to know all.
    /// </summary>
    public static void RefuseUnknown(IReadOnlyDictionary<string, string> options, IReadOnlyList<IExperiment> experiments)
    {
        var without = options.Keys.Where(o => o.StartsWith(ExperimentContext.WithoutPrefix, StringComparison.Ordinal)).ToList();
        foreach (var name in without.Select(o => o[ExperimentContext.WithoutPrefix.Length..]))
        {
            if (!experiments.Any(e => e.Removable.Contains(name)))
                throw new ResourceException(
                    Origin.Code, $"'--without {name}': no experiment of this tour rests on that.", Removable(experiments));
        }

        if (experiments.Any(e => e.OptionNames is null))
            return;
        var known = experiments.SelectMany(e => e.OptionNames!).Distinct().ToList();
        if (options.Keys.Except(without).FirstOrDefault(o => !known.Contains(o)) is { } unknown)
        {
            throw new ResourceException(Origin.Code, $"no experiment of this tour has an option '{unknown}'.",
                $"There are: {string.Join(", ", known)}.");
        }
    }

    private static string Removable(IReadOnlyList<IExperiment> experiments) => DescribeRemovable(experiments) is { Length: > 0 } all
        ? $"There are: {all}."
        : "Leave it out: nothing can be taken away here.";
}
