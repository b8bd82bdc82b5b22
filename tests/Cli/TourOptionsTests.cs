using System.Text.RegularExpressions;
using Samples.Cli.Commands;
using Samples.Lab;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Cli.Tests;

/// <summary>What a tour can be asked to do without is what its experiments say.</summary>
public sealed partial class TourOptionsTests
{
    [Fact]
    public void The_help_and_a_typo_s_error_name_what_can_be_taken_away()
    {
        var help = TourCommand.Create().Options.Single(o => o.Name == "--without").Description!;
        foreach (var experiment in Lab.Experiments.All.Where(e => e.Removable.Count > 0))
            Assert.Contains($"{experiment.Pattern}: {string.Join(", ", experiment.Removable)}", help, StringComparison.Ordinal);
        var typo = Assert.Throws<ResourceException>(() => Refuse("fence", Lab.Experiments.All));
        Assert.Contains("'--without fence'", typo.Message, StringComparison.Ordinal);
        Assert.Contains("ownership: fencing", typo.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_another_pattern_rests_on_is_a_typo_where_that_one_is_not_toured()
    {
        var ownership = Lab.Experiments.All.Where(e => e.Pattern == "ownership").ToList();
        Refuse("fencing", ownership);
        Assert.Contains(
            "There are: ownership: fencing.",
            Assert.Throws<ResourceException>(() => Refuse("ring", ownership)).Message,
            StringComparison.Ordinal);
        var none = Lab.Experiments.All.Where(e => e.Removable.Count == 0).ToList();
        Assert.Contains(
            "Leave it out", Assert.Throws<ResourceException>(() => Refuse("ring", none)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Experiments_say_all_that_they_ask_for()
    {
        var root = Repository.Find().Root;
        foreach (var experiment in Lab.Experiments.All)
        {
            var folder = Directory.EnumerateDirectories(Path.Combine(root, "services"), experiment.Pattern, SearchOption.AllDirectories)
                .First(f => File.Exists(Path.Combine(f, "dapr.yaml")));
            var asked = Directory.EnumerateFiles(Path.Combine(folder, "Experiment"), "*.cs")
                .SelectMany(f => IsWithout().Matches(File.ReadAllText(f))).Select(m => m.Groups["part"].Value).Distinct();
            Assert.Equal(experiment.Removable.Order(), asked.Order());
        }
    }

    private static void Refuse(string without, IReadOnlyList<IExperiment> experiments) =>
        TourOptions.RefuseUnknown(TourOptions.Read([], null, [without]), experiments);

    [GeneratedRegex("(?:IsWithout\\(\"|Option\\(\"without-)(?<part>[\\w-]+)\"")]
    private static partial Regex IsWithout();
}
