using System.CommandLine;
using System.Diagnostics;
using Samples.Cli.Processes;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary><c>samples stop</c>: ends runs started elsewhere, in order.</summary>
internal static class StopCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static Command Create()
    {
        var which = new Argument<string[]>("which")
        {
            Description = "Patterns or process ids; every run of this checkout by default.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("stop", "Stop runs and tours of this checkout, each service draining first.") { which }.WithExamples(
            ("samples stop", "everything that this checkout runs"), ("samples stop work-queue", "the runs of one pattern"),
            ("samples stop 4711", "one run, by its process"));
        command.SetAction((result, cancel) => Errors.ShowAsync(() => StopAsync(result.GetValue(which)!, cancel)));
        return command;
    }

    private static async Task<int> StopAsync(string[] which, CancellationToken cancel)
    {
        var runs = RunFile.Find(Repository.Find().Data);
        bool Is(RunFile run, string name) => run.Patterns.Contains(name) || $"{run.Pid}" == name;
        if (which.FirstOrDefault(name => !runs.Any(r => Is(r, name))) is { } unknown)
        {
            throw new ResourceException(Origin.Code, $"'{unknown}' does not run.",
                runs.Count == 0 ? "Nothing runs." : $"Running: {string.Join("; ", runs.Select(Describe))}.");
        }

        if (runs.Count == 0)
            Console.WriteLine("Nothing runs.");
        await Task.WhenAll(runs.Where(r => which.Length == 0 || which.Any(name => Is(r, name))).Select(run => StopAsync(run, cancel)));
        return 0;
    }

    private static async Task StopAsync(RunFile run, CancellationToken cancel)
    {
        Native.Terminate(run.Pid);
        var word = "stopped";
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (run.IsAlive() && await timer.WaitForNextTickAsync(cancel))
        {
            if (Stopwatch.GetElapsedTime(began) < Patience)
                continue;
            // Its services die with it.
            Native.KillOne(run.Pid);
            word = $"killed, because it did not stop within {Patience.TotalSeconds:0} s:";
            break;
        }

        Console.WriteLine($"{word} {Describe(run)}");
    }

    private static string Describe(RunFile run) => $"{run.Kind} of {string.Join(", ", run.Patterns)} (process {run.Pid})";
}
