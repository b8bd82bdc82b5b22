using System.Runtime.InteropServices;

namespace Samples.ApiDocs;

/// <summary>
/// Finds the reference packs of the running .NET: the assemblies that programs compile against, with their documentation.
/// </summary>
public static class SdkPacks
{
    private static readonly string[] Packs = ["Microsoft.NETCore.App.Ref", "Microsoft.AspNetCore.App.Ref"];

    /// <summary>
    /// The documentation files, each file name once: the pack of ASP.NET Core carries those of .NET again. Looks into the <c>packs</c>
    /// folder of the running dotnet, then where NuGet keeps what a build has downloaded.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no pack in any of these places.</exception>
    public static IReadOnlyList<FileInfo> FindDocumentation()
    {
        var packs = Packs.Select(pack => Places(pack).Select(Newest).FirstOrDefault(f => f is not null)).OfType<DirectoryInfo>();
        FileInfo[] files = [.. packs.SelectMany(p => p.EnumerateFiles("*.xml"))];
        return files.Length > 0
            ? [.. files.DistinctBy(f => f.Name).OrderBy(f => f.Name, StringComparer.Ordinal)]
            : throw new DirectoryNotFoundException(
                $"No API documentation was found below {string.Join(" or ", Packs.SelectMany(Places))}. "
                + "Install the .NET SDK (a runtime alone has none), or name a folder of documents.");
    }

    private static IEnumerable<string> Places(string pack)
    {
        // …/dotnet/shared/Microsoft.NETCore.App/10.0.1/ is where the running runtime lives.
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        yield return Path.Combine(dotnet, "packs", pack);
        var nuget = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        yield return Path.Combine(nuget, pack.ToLowerInvariant());
    }

    // <pack>/10.0.1/ref/net10.0: the newest version's newest framework.
    private static DirectoryInfo? Newest(string pack) => !Directory.Exists(pack) ? null : new DirectoryInfo(pack).EnumerateDirectories()
        .OrderByDescending(d => Version.TryParse(d.Name.Split('-')[0], out var version) ? version : new Version())
        .Select(d => new DirectoryInfo(Path.Combine(d.FullName, "ref")))
        .Where(d => d.Exists)
        .SelectMany(NewestFirst)
        .FirstOrDefault();

    private static IEnumerable<DirectoryInfo> NewestFirst(DirectoryInfo frameworks) => frameworks.EnumerateDirectories("net*")
        .OrderByDescending(f => f.Name.Length).ThenByDescending(f => f.Name, StringComparer.Ordinal);
}
