using System.Runtime.CompilerServices;

namespace Samples.Patterns;

/// <summary>The checkout that these tests were built in.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    /// <summary>The built command, of the configuration that these tests have.</summary>
    public static string Command { get; } = Path.Combine(Root, "artifacts", "bin", "Samples.Cli", Configuration, "samples.dll");

    /// <summary>The folder of each pattern that has a page.</summary>
    public static IEnumerable<string> PatternFolders => Directory.EnumerateFiles(Path.Combine(Root, "services"), "dapr.yaml", TwoBelow)
        .Select(template => Path.GetDirectoryName(template)!).Order(StringComparer.Ordinal);

    private static EnumerationOptions TwoBelow => new() { RecurseSubdirectories = true, MaxRecursionDepth = 2 };

    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>A file as the pages' tests name it.</summary>
    public static string RelativeTo(string path) => Path.GetRelativePath(Root, path);

    private static string Find([CallerFilePath] string thisFile = "")
    {
        var folder = Path.GetDirectoryName(thisFile);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Samples.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException(
            $"Samples.sln was not found above {thisFile}; run the tests in the checkout that built them.");
    }
}
