using System.CommandLine;
using Samples.Cli.Processes;
using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary>
/// <c>samples kill</c>, <c>freeze</c>, <c>resume</c>, <c>start</c>, <c>terminate</c>: breaks and repairs single replicas of what runs.
/// </summary>
internal static class FaultCommands
{
    public static IEnumerable<Command> Create() =>
    [
        Create(
            "kill",
            "End a replica at once (SIGKILL); it is started again.",
            (faults, replica, cancel) => faults.KillAsync(replica, cancel)),
        Create(
            "freeze",
            "Stop a replica in the middle of what it does (SIGSTOP).",
            (faults, replica, cancel) => faults.FreezeAsync(replica, cancel)),
        Create("resume", "Let a frozen replica go on (SIGCONT).", (faults, replica, cancel) => faults.ResumeAsync(replica, cancel)),
        Create(
            "terminate",
            "Ask a replica to end (SIGTERM); it stays down.",
            (faults, replica, cancel) => faults.TerminateAsync(replica, cancel)),
        Create("start", "Start a replica that is down.", (faults, replica, cancel) => faults.StartAsync(replica, cancel)),
    ];

    private static Command Create(string name, string description, Func<IFaults, string, CancellationToken, Task> act)
    {
        var replicas =
            new Argument<string[]>("replica") { Description = "Names from the table that `run` shows.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(name, description) { replicas }.WithExamples(
            ($"samples {name} owner-1", "one replica of the pattern that runs"));
        command.SetAction((result, cancel) => Errors.ShowAsync(() => ActAsync(result.GetValue(replicas)!, act, cancel)));
        return command;
    }

    private static async Task<int> ActAsync(string[] names, Func<IFaults, string, CancellationToken, Task> act, CancellationToken cancel)
    {
        var clients = RunFile.Find(Repository.Find().Data).Select(r => new ControlClient(new Uri(r.Control), r.Token)).ToList();
        try
        {
            var running = new Dictionary<string, ControlClient>();
            foreach (var client in clients)
            {
                foreach (var replica in await client.ListAsync(cancel))
                    running.TryAdd(replica.Name, client);
            }

            // All or none: a name with a typo breaks nothing.
            if (names.FirstOrDefault(n => !running.ContainsKey(n)) is { } unknown)
            {
                throw new ResourceException(Origin.Code, $"there is no replica '{unknown}'.",
                    running.Count == 0
                        ? "Nothing runs; start a pattern with `samples run`."
                        : $"There are: {string.Join(", ", running.Keys)}.");
            }

            foreach (var name in names)
                await act(running[name], name, cancel);
            return 0;
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }
    }
}
