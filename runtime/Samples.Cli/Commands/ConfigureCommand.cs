using System.CommandLine;
using Samples.Cli.Processes;
using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary><c>samples configure</c>: values of the embedded configuration store, for which Dapr has no API that writes.</summary>
internal static class ConfigureCommand
{
    public static Command Create()
    {
        var pattern = new Argument<string>("pattern") { Description = "The pattern whose services shall get the values." };
        var values = new Argument<string[]>("key=value") { Description = "What to set; several at once.", Arity = ArgumentArity.OneOrMore };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data folder that the run was started with." };
        var command = new Command("configure", "Set values that services follow through Dapr configuration.") { pattern, values, data };
        command.WithExamples(
            ("samples configure ambassador experiment.weights=50/50", "half of the clients get the experiment"));
        command.SetAction((result, cancel) => Errors.ShowAsync(() =>
            SetAsync(result.GetValue(pattern)!, result.GetValue(values)!, result.GetValue(data)?.FullName, cancel)));
        return command;
    }

    private static async Task<int> SetAsync(string pattern, string[] values, string? data, CancellationToken cancel)
    {
        var repository = Repository.Find();
        repository.Require(pattern);
        data ??= RunFile.Find(repository.Data).FirstOrDefault(r => r.Patterns.Contains(pattern))?.Data ?? repository.Data;
        var pairs = values.Select(v => v.Split('=', 2)).ToList();
        if (pairs.FirstOrDefault(p => p.Length < 2 || p[0].Length == 0) is { } wrong)
            throw new ResourceException(Origin.Code, $"'{wrong[0]}' has no value.", "Write KEY=VALUE.");
        var folder = Directory.CreateDirectory(Path.Combine(data, pattern)).FullName;
        foreach (var pair in pairs)
            await ConfigurationFile.SetAsync(folder, pair[0], pair[1], cancel);
        return 0;
    }
}
