using System.CommandLine;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Lab.Experiments;
using Samples.Runtime;
using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples tour</c>: the experiments one after the other, each in a world of its own, and the claims at the end.</summary>
internal static class TourCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var patterns = new Argument<string[]>("pattern") { Description = "Patterns to tour; all that have an experiment by default.", Arity = ArgumentArity.ZeroOrMore };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the record to this file." };
        var set = new Option<string[]>("--set") { Description = "A size or switch of the experiment, NAME=VALUE; several times.", DefaultValueFactory = _ => [] };
        var rounds = new Option<int?>("--rounds") { Description = "Rounds of faults, where an experiment has them." };
        var without = new Option<string[]>("--without") { Description = "Take away what a promise rests on, to see the claims fail (ownership: fencing; scatter-gather: hedging).", DefaultValueFactory = _ => [] };
        var page = new Option<bool>("--page") { Description = "Also write the claims into the pattern's page, under \"Measured\"." };
        var keep = new Option<bool>("--keep") { Description = "Keep data and logs afterwards." };
        var command = new Command("tour", "Run the experiments: real traffic, real faults, and a table of what held.") { patterns, json, set, rounds, without, page, keep };
        command.SetAction((result, _) => Errors.ShowAsync(() =>
        {
            var options = ReadOptions(result.GetValue(set)!);
            if (result.GetValue(rounds) is { } count)
                options["rounds"] = $"{count}";
            foreach (var name in result.GetValue(without)!)
                options["without-" + name] = "1";
            return TourAsync(result.GetValue(patterns)!, options, result.GetValue(json), result.GetValue(page), result.GetValue(keep));
        }));
        return command;
    }

    private static Dictionary<string, string> ReadOptions(string[] pairs) => pairs.Select(p => p.Split('=', 2)).ToDictionary(
        p => p[0], p => p.Length == 2 ? p[1] : throw new ResourceException(Origin.Code, $"'--set {p[0]}' has no value.", "Write --set NAME=VALUE."));

    private static async Task<int> TourAsync(string[] names, Dictionary<string, string> options, FileInfo? json, bool page, bool keep)
    {
        using var interruption = new Interruption();
        var repository = Repository.Find();
        foreach (var name in names)
            repository.Require(name);
        foreach (var name in names.Where(n => Experiments.All.All(e => e.Pattern != n)))
            throw new ResourceException(Origin.Code, $"'{name}' has no experiment yet.", $"With one: {string.Join(", ", Experiments.All.Select(e => e.Pattern))}.");
        var experiments = Experiments.All.Where(e => names.Length == 0 || names.Contains(e.Pattern)).ToList();
        var record = new TourRecord("embedded");
        foreach (var experiment in experiments)
            record.Patterns.Add(await TourOneAsync(repository, experiment, options, keep, interruption.Token));
        TourRecord.Show(AnsiConsole.Console, record);
        if (json is not null)
            record.Write(json.FullName);
        foreach (var pattern in page ? record.Patterns : [])
            MeasuredBlock.Write(Path.Combine(Path.GetDirectoryName(repository.Require(pattern.Pattern).Template)!, "README.md"), pattern, DateOnly.FromDateTime(DateTime.Today));
        return record.Held ? 0 : 1;
    }

    private static async Task<PatternRecord> TourOneAsync(
        Repository repository, IExperiment experiment, Dictionary<string, string> options, bool keep, CancellationToken cancel)
    {
        // A world of its own: fresh data and free ports, so that a tour disturbs nothing that runs.
        var data = Directory.CreateTempSubdirectory($"samples-tour-{experiment.Pattern}-").FullName;
        var began = Stopwatch.GetTimestamp();
        var claims = await TourDisplay.ShowAsync(AnsiConsole.Console, experiment.Pattern, async (observe, say) =>
        {
            say("starting");
            using var logs = new ReplicaLogs(Path.Combine(data, "logs"), console: null);
            using var loggers = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Warning).AddProvider(new LogLines(logs)));
            await using var runtime = new DaprRuntime(new RuntimeOptions { Loggers = loggers });
            var suiteOptions = new SuiteOptions(data, FreePorts: true, logs.Write);
            await using var suite = new Suite(runtime, suiteOptions);
            await suite.StartAsync(TemplateReader.Read(repository.Require(experiment.Pattern).Template, repository.Root), cancel);
            await suite.WaitReadyAsync(Patience, cancel);
            await using var autoscaler = Autoscaler.Start(suite, logs.Write);
            say("running");
            var context = new ExperimentContext(suite, await suite.ListAsync(cancel), suiteOptions.DataOf(experiment.Pattern), observe, options, TimeProvider.System);
            try
            {
                return await experiment.RunAsync(context, cancel);
            }
            catch (Exception error) when (error is not OperationCanceledException and not ResourceException)
            {
                return [new Claim("the experiment runs to its end", "yes", "no", false, error.Message)];
            }
        });
        var held = claims.All(c => c.Held != false);
        if (keep || !held)
            AnsiConsole.Console.WriteLine($"data and logs of {experiment.Pattern}: {data}");
        else
            Directory.Delete(data, recursive: true);
        return new PatternRecord(experiment.Pattern, Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 1), claims);
    }
}
