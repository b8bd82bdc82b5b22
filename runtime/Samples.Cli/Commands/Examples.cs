using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Samples.Cli.Commands;

/// <summary>Puts examples below a command's help: most people copy one and change it.</summary>
internal static class Examples
{
    private static readonly Dictionary<Command, (string Line, string Does)[]> Of = [];

    public static T WithExamples<T>(this T command, params (string Line, string Does)[] examples) where T : Command
    {
        Of[command] = examples;
        return command;
    }

    /// <summary>Lets the help of every command end with its examples.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
            option.Action = new HelpWithExamples((SynchronousCommandLineAction)option.Action!);
    }

    private sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var result = help.Invoke(parseResult);
            if (!Of.TryGetValue(parseResult.CommandResult.Command, out var examples))
                return result;
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            var width = examples.Max(e => e.Line.Length);
            foreach (var (line, does) in examples)
                output.WriteLine($"  {line.PadRight(width)}  {does}");
            output.WriteLine();
            return result;
        }
    }
}
