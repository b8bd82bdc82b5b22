using Microsoft.AspNetCore.Connections;

namespace Samples.Defaults;

/// <summary>
/// What keeps a service from starting and is for its user to change is told in one line, with exit code 1; the rest is a defect and keeps
/// its stack.
/// </summary>
internal static class StartProblems
{
    private static int _told;

    /// <summary>From now on.</summary>
    public static void TellInWords()
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
            AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => Tell(unhandled.ExceptionObject as Exception);
    }

    private static void Tell(Exception? problem)
    {
        if (Explain(problem) is not { } words)
            return;
        Console.Error.WriteLine(words);
        Environment.Exit(1);
    }

    private static string? Explain(Exception? problem) => problem switch
    {
        WrongSettingException wrong => wrong.Message,
        // The message names the address.
        IOException { InnerException: AddressInUseException } taken =>
            taken.Message.TrimEnd('.') + ". Stop what listens there, or choose another port.",
        _ => null,
    };
}
