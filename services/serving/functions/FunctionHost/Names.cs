using System.Text.RegularExpressions;

namespace Samples.FunctionHost;

/// <summary>Names of functions.</summary>
internal static partial class Names
{
    /// <summary><c>SendWelcome</c> is <c>send-welcome</c>.</summary>
    public static string Kebab(string type) => Boundary().Replace(type, "-").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex Boundary();
}
