using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Samples.Cli.Commands;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Spectre.Console;

// Not commands for people: what the command itself starts becomes the program asked for, tied to the command's life or outliving it.
if (args is ["supervise", var text, .. { Length: > 0 } program] && int.TryParse(text, out var parent))
    return Native.Become(parent, program);
if (args is ["guard", .. { Length: > 0 } shell])
    return Native.Become(0, shell);
if (SidecarCommand.Take(args) is { } sidecar)
    return await sidecar;

var root = new RootCommand("Patterns of Designing Distributed Systems as running services: run them, break them, see what holds.")
{
    TourCommand.Create(), RunCommand.Create(), ListCommand.Create(), StopCommand.Create(), LogsCommand.Create(), ConfigureCommand.Create(),
    SidecarCommand.Create(), DoctorCommand.Create(), CapacityCommand.Create(),
}.WithExamples(
    ("samples tour work-queue", "break a pattern and see what holds"),
    ("samples run work-queue", "run it until Ctrl-C"),
    ("samples run --help", "options of one command"));
root.SetAction((_, _) => Errors.ShowAsync(() => Task.FromResult(Overview.Show())));
foreach (var command in FaultCommands.Create())
    root.Add(command);
Examples.AddTo(root);

var parsed = root.Parse(args);
// An option that nobody knows would pass for the name of a pattern.
var unknown = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens)
    .SkipLast(SingleApp.WordsOfCommand(parsed)).FirstOrDefault(t => t.Value.StartsWith('-'));
if (parsed.Action is ParseErrorAction || (parsed.Errors.Count == 0 && unknown is not null))
{
    var command = parsed.CommandResult.Command;
    Errors.Show($"{(unknown is null ? parsed.Errors[0].Message : $"there is no option '{unknown.Value}'.")} "
        + $"`samples {(command == root ? "" : command.Name + " ")}--help` says what there is.");
    return 1;
}

Screen.Adapt(AnsiConsole.Console);
if (OperatingSystem.IsWindows())
    WindowsJob.Join();
// Ctrl-C is handled by the commands themselves: they stop what they started, in order.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
