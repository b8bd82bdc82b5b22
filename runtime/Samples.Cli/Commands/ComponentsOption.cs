using System.CommandLine;

namespace Samples.Cli.Commands;

/// <summary>The option that chooses what stands behind the suite's components.</summary>
internal static class ComponentsOption
{
    public static Option<string?> Create() => new("--components")
    {
        Description = "What the suite's components are: a folder of components/ (redis), or one of your own; embedded by default.",
    };
}
