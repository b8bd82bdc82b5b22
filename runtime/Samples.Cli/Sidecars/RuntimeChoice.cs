using System.CommandLine;
using Samples.Cli.Daprd;

namespace Samples.Cli.Sidecars;

/// <summary>Whose sidecars: the command's own or Dapr's.</summary>
internal enum RuntimeKind
{
    /// <summary>The embedded runtime: nothing to install.</summary>
    Embedded,

    /// <summary>Real daprd processes.</summary>
    Daprd,
}

/// <summary>The option <c>--runtime</c>.</summary>
internal static class RuntimeChoice
{
    private static readonly string[] Words = ["embedded", "daprd", "auto"];

    public static Option<string> Option()
    {
        var option = new Option<string>("--runtime")
        {
            Description = "Whose sidecars: embedded (nothing to install), daprd (real Dapr with components/redis), "
                + "auto (daprd where all it needs is there).",
            DefaultValueFactory = _ => "embedded",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } word && !Words.Contains(word))
                result.AddError($"--runtime is one of {string.Join(", ", Words)}.");
        });
        option.CompletionSources.Add(Words);
        return option;
    }

    /// <summary>What a word of the option means on this machine.</summary>
    public static RuntimeKind Resolve(string word) => word switch
    {
        "daprd" => RuntimeKind.Daprd,
        "auto" when DaprPrograms.AreComplete && RedisServer.Missing is null => RuntimeKind.Daprd,
        _ => RuntimeKind.Embedded,
    };

    /// <summary>
    /// What stands behind the suite's components: what was asked for, else Redis with daprd, which has none of the embedded engines.
    /// </summary>
    public static string? Components(this RuntimeKind kind, Repository repository, string? chosen) =>
        chosen is null && kind == RuntimeKind.Daprd
        ? Path.Combine(repository.Root, "components", "redis")
        : repository.Components(chosen);

    /// <summary>The word for it in records.</summary>
    public static string Word(this RuntimeKind kind) => kind == RuntimeKind.Daprd ? "daprd" : "embedded";
}
