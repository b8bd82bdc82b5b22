using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>What goes wrong is one message that names the cure, on the error output, and exit code 1.</summary>
internal static class Errors
{
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
        catch (Exception error) when (error is ResourceException or IOException or UnauthorizedAccessException)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
            console.Write(new Text("error: ", new Style(Color.Red)));
            Console.Error.WriteLine(error.Message.StartsWith("(code): ", StringComparison.Ordinal) ? error.Message["(code): ".Length..] : error.Message);
            return 1;
        }
    }
}
