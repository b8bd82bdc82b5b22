using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>
/// What goes wrong is one message that names the cure, on the error output, and exit code 1. Nobody sees a stack trace who did not ask for
/// it.
/// </summary>
internal static class Errors
{
    private const string TraceVariable = "SAMPLES_TRACE";

    public static async Task<int> ShowAsync(Func<Task<int>> act)
    {
        try
        {
            return await act();
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception error)
        {
            Show(error is ResourceException or IOException or UnauthorizedAccessException
                ? string.Join('\n', error.Message.Split('\n').Select(WithoutPlace))
                : $"{error.GetType().Name}: {error.Message} This is a fault of the command itself; with {TraceVariable}=1 it says where.");
            if (Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 })
                Console.Error.WriteLine(error);
            return 1;
        }
    }

    // What stands in no file has no place to name.
    private static string WithoutPlace(string line) =>
        line.StartsWith("(code): ", StringComparison.Ordinal) ? line["(code): ".Length..] : line;

    public static void Show(string message)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Write(new Text("error: ", new Style(Color.Red)));
        Console.Error.WriteLine(message);
    }
}
