using System.CommandLine;
using System.Diagnostics;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Lab;
using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples tour</c>: the experiments one after the other, each in a world of its own, and the claims at the end.</summary>
internal static class TourCommand
{
    // Fifteen processes that start at once on a busy machine of two processors take their time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    public static Command Create()
    {
        var patterns = new Argument<string[]>("pattern")
        {
            Description = "Patterns to tour; all that have an experiment by default.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the record to this file." };
        var set = new Option<string[]>("--set")
        {
            Description = "A size of the experiment, NAME=NUMBER; several times.",
            DefaultValueFactory = _ => [],
        };
        var rounds = new Option<int?>("--rounds") { Description = "Rounds of faults, where an experiment has them." };
        var without = new Option<string[]>("--without")
        {
            Description = "Take away what a promise rests on, to see the claims fail "
                + $"({TourOptions.DescribeRemovable(Lab.Experiments.All)}).",
            DefaultValueFactory = _ => [],
        };
        var page = new Option<bool>("--page") { Description = "Also write the claims into the pattern's page, under \"Measured\"." };
        var keep = new Option<bool>("--keep") { Description = "Keep data and logs afterwards." };
        var runtime = RuntimeChoice.Option();
        var components = ComponentsOption.Create();
        var command = new Command(
            "tour", "Run the experiments: real traffic, real faults, and a table of what held. Exit code 1 where a claim failed.")
        {
            patterns, runtime, components, json, set, rounds, without, page, keep,
        }.WithExamples(
            ("samples tour", "every pattern that has an experiment"),
            ("samples tour work-queue", "one pattern"),
            ("samples tour work-queue --set pictures=300 --keep", "a larger one, whose data and logs stay"),
            ("samples tour work-queue --runtime daprd", "on real Dapr sidecars and Redis"),
            ("samples tour --json tour.json", "with a record for machines"));
        command.SetAction((result, _) => Errors.ShowAsync(() => TourAsync(
            result.GetValue(patterns)!, RuntimeChoice.Resolve(result.GetValue(runtime)!), result.GetValue(components),
            TourOptions.Read(result.GetValue(set)!, result.GetValue(rounds), result.GetValue(without)!), result.GetValue(json),
            result.GetValue(page), result.GetValue(keep))));
        return command;
    }

    private static async Task<int> TourAsync(
        string[] names, RuntimeKind runtime, string? components, IReadOnlyDictionary<string, string> options, FileInfo? json, bool page,
        bool keep)
    {
        using var interruption = new Interruption();
        // An experiment asks sidecars and services itself, and knows no tokens.
        foreach (var token in (string[])["DAPR_API_TOKEN", "APP_API_TOKEN"])
            Environment.SetEnvironmentVariable(token, null);
        var repository = Repository.Find();
        foreach (var name in names)
            repository.Require(name);
        foreach (var name in names.Where(n => Lab.Experiments.All.All(e => e.Pattern != n)))
            throw new ResourceException(
                Origin.Code,
                $"'{name}' has no experiment yet.",
                $"With one: {string.Join(", ", Lab.Experiments.All.Select(e => e.Pattern))}.");
        var experiments = Lab.Experiments.All.Where(e => names.Length == 0 || names.Contains(e.Pattern)).ToList();
        TourOptions.RefuseUnknown(options, experiments);
        // Before anything runs: a minute later is too late to hear of a wrong path.
        if (json is not null && (json.Directory is not { Exists: true } || Directory.Exists(json.FullName)))
            throw new ResourceException(Origin.Code, $"'{json.FullName}' cannot be written.", "Name a file in a folder that exists.");
        var templates = experiments.ToDictionary(
            e => e,
            e => TemplateReader.Read(repository.Require(e.Pattern).Template, repository.Root, runtime.Components(repository, components)));
        var record = new TourRecord(runtime.Word());
        foreach (var experiment in experiments)
            record.Patterns.Add(
                await TourOneAsync(repository, experiment, templates[experiment], runtime, options, keep, interruption.Token));
        TourRecord.Show(AnsiConsole.Console, record);
        if (json is not null)
            record.Write(json.FullName);
        foreach (var pattern in page ? record.Patterns : [])
            MeasuredBlock.Write(
                Path.Combine(Path.GetDirectoryName(repository.Require(pattern.Pattern).Template)!, "README.md"),
                pattern,
                DateOnly.FromDateTime(DateTime.Today));
        return record.Held ? 0 : 1;
    }

    private static async Task<PatternRecord> TourOneAsync(
        Repository repository, IExperiment experiment,
        IReadOnlyList<RunEntry> entries, RuntimeKind runtime, IReadOnlyDictionary<string, string> options, bool keep,
        CancellationToken cancel)
    {
        // A world of its own: fresh data and free ports, so that a tour disturbs nothing that runs.
        var data = TourFolder.Create(repository, experiment.Pattern);
        var began = Stopwatch.GetTimestamp();
        var explained = false;
        try
        {
            var claims = await TourDisplay.ShowAsync(AnsiConsole.Console, experiment.Pattern, async (observe, say) =>
            {
                say($"starting {entries.Count} processes");
                await using var run = await LiveRun.StartAsync(
                    repository,
                    entries,
                    new LiveRunOptions("tour", data, FreePorts: true, Console: null, Patience) { Runtime = runtime },
                    cancel);
                say("running");
                var folder = run.Options.DataOf(experiment.Pattern);
                var context = new ExperimentContext(
                    run.Suite, await run.Suite.ListAsync(cancel), folder, observe, options, TimeProvider.System)
                {
                    ConfigureAsync = (key, value, stop) => run.Sidecars.ConfigureAsync(folder, key, value, stop),
                };
                try
                {
                    return await experiment.RunAsync(context, cancel);
                }
                catch (Exception error) when (error is not ResourceException && !cancel.IsCancellationRequested)
                {
                    return [new Claim("the experiment runs to its end", "yes", "no", false, error.Message)];
                }
                finally
                {
                    say("stopping");
                }
            });
            explained = claims.All(c => c.Held != false);
            return new PatternRecord(experiment.Pattern, Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 1), claims);
        }
        finally
        {
            // What failed must be looked into; what was interrupted leaves nothing behind.
            if (keep || (!explained && !cancel.IsCancellationRequested))
            {
                TourFolder.Keep(data);
                AnsiConsole.Console.Profile.Out.Writer.WriteLine($"data and logs of {experiment.Pattern}: {data}");
            }
            else
            {
                TourFolder.Delete(data);
            }
        }
    }
}
