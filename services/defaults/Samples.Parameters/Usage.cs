using System.Text;

namespace Samples.Parameters;

/// <summary>One setting of a program, as its <c>--help</c> and its page tell it.</summary>
/// <param name="Variable">The environment variable.</param>
/// <param name="Otherwise">What holds where it is not set.</param>
/// <param name="Meaning">What it does, with its unit.</param>
public sealed record Setting(string Variable, string Otherwise, string Meaning);

/// <summary>
/// What a program is for and what can be set: the parameters and the documentation that a modular container owes to those who put it into
/// their pods (chapter "The Sidecar Pattern", "Designing Sidecars for Modularity and Reusability").
/// </summary>
/// <param name="Program">Its name.</param>
/// <param name="Promise">What it does, in a sentence.</param>
/// <param name="Settings">Everything that can be set.</param>
public sealed record Usage(string Program, string Promise, IReadOnlyList<Setting> Settings)
{
    /// <summary>Forms of the command besides the plain one, such as <c>--addr HOST:PORT</c>, each with what it does.</summary>
    public IReadOnlyList<(string Form, string Meaning)> Forms { get; init; } = [];

    /// <summary>Prints it where <c>--help</c> is asked for, and says so: there is nothing else to do then.</summary>
    public bool IsAsked(string[] arguments)
    {
        if (!arguments.Any(a => a is "--help" or "-h" or "-?"))
            return false;
        Console.Out.Write(ToText());
        return true;
    }

    /// <summary>The text.</summary>
    public string ToText()
    {
        var text = new StringBuilder($"{Program}: {Promise}\n\nUsage: {Program} [--help]\n");
        foreach (var (form, meaning) in Forms)
            text.Append($"       {Program} {form}\n           {meaning}\n");
        text.Append("\nSettings, all of them environment variables:\n");
        foreach (var setting in Settings)
            text.Append($"  {setting.Variable}\n      {setting.Meaning}\n      Otherwise: {setting.Otherwise}\n");
        return text.ToString();
    }
}
