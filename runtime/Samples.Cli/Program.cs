using System.CommandLine;
using Samples.Cli.Commands;
using Samples.Cli.Processes;

// Not a command for people: what the command itself starts becomes the program asked for, tied to the command's life.
if (args is ["supervise", var parent, .. { Length: > 0 } program])
    return Native.BecomeChildOf(int.Parse(parent, System.Globalization.CultureInfo.InvariantCulture), program);

var root = new RootCommand("Patterns of Designing Distributed Systems as running services: run them, break them, see what holds.")
{
    TourCommand.Create(), RunCommand.Create(), ListCommand.Create(), StopCommand.Create(), LogsCommand.Create(), DoctorCommand.Create(),
};
var parsed = root.Parse(args);
// Ctrl-C is handled by the commands themselves: they stop what they started, in order.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
