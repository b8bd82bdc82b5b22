using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Patterns.Pages;

/// <summary>
/// Somebody outside of the checkout follows the page of the package for tests: its files as they stand, its commands in their order. The
/// package gets a version that was never there, so that no folder of packages knows it yet.
/// </summary>
public sealed partial class PackagePageTests : IDisposable
{
    private const string Page = "runtime/Samples.Runtime.Testing/README.md";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-package-").FullName;
    private readonly string _version = $"0.1.0-page{Guid.NewGuid():N}";

    [Fact]
    public async Task A_project_that_follows_the_page_has_tests_that_pass()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands of pages are written for a shell of Unix.");
        var page = File.ReadAllText(Path.Combine(Checkout.Root, Page)).ReplaceLineEndings("\n")
            .Replace("~/packages", Path.Combine(_folder, "packages"), StringComparison.Ordinal)
            .Replace("Version=\"0.1.0\"", $"Version=\"{_version}\"", StringComparison.Ordinal);
        var work = Directory.CreateDirectory(Path.Combine(_folder, "work")).FullName;
        foreach (Match file in NamedFile().Matches(page))
        {
            var path = Path.Combine(work, file.Groups["name"].Value);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, file.Groups["content"].Value, TestContext.Current.CancellationToken);
        }

        var commands = Commands().Matches(page);
        Assert.Equal(2, commands.Count);
        await RunAsync(commands[0].Groups["code"].Value, Checkout.Root, Packing());
        var said = await RunAsync(commands[1].Groups["code"].Value, work, Consuming());

        var tests = Regex.Count(page, @"\[Fact\]");
        Assert.Matches($@"succeeded: {tests}\b", said);
    }

    // What is built already is packed as it is.
    private IEnumerable<(string Name, string Value)> Packing() =>
    [
        ("DOTNET_CLI_DISABLE_PUBLISH_AND_PACK_RELEASE", "1"),
        ("Configuration", AppContext.BaseDirectory.Contains("release", StringComparison.Ordinal) ? "Release" : "Debug"),
        ("PackageVersion", _version),
    ];

    // Packages that this machine has are used where they lie; new ones come to a folder that goes with the test.
    private IEnumerable<(string Name, string Value)> Consuming()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(home, ".nuget", "packages");
        yield return ("NUGET_FALLBACK_PACKAGES", packages);
        yield return ("NUGET_PACKAGES", Path.Combine(_folder, "restored"));
    }

    private async Task<string> RunAsync(string code, string folder, IEnumerable<(string Name, string Value)> environment)
    {
        // Into a file: what the build leaves running would keep a pipe open.
        var log = Path.Combine(_folder, Path.GetRandomFileName());
        var info = new ProcessStartInfo("bash", ["-e", "-c", $"exec >'{log}' 2>&1 </dev/null\n{code}"]) { WorkingDirectory = folder };
        (string, string)[] quiet = [("DOTNET_NOLOGO", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("MSBUILDDISABLENODEREUSE", "1")];
        foreach (var (name, value) in environment.Concat(quiet))
            info.Environment[name] = value;
        using var shell = Process.Start(info)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await shell.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!shell.HasExited)
                shell.Kill(entireProcessTree: true);
        }

        var said = await File.ReadAllTextAsync(log, CancellationToken.None);
        Assert.True(shell.ExitCode == 0, $"{Page}: this ended with {shell.ExitCode}\n{code}\n{said}");
        return said;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // `Orders/Program.cs`: and below it what is in it.
    [GeneratedRegex(@"^`(?<name>[^`\n]+)`:\n\n```\w+\n(?<content>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex NamedFile();

    [GeneratedRegex(@"^```sh\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Commands();
}
