using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Samples.Deploy;

/// <summary>
/// The one Dockerfile can build every service from what it copies, into an image that needs no root and no writable root.
/// </summary>
public sealed partial class ImageTests
{
    private static readonly string[] Lines = File.ReadAllLines(Checkout.Full("deploy/docker/Dockerfile"));

    [Fact]
    public void A_service_needs_no_project_outside_the_copied_folder()
    {
        var services = Checkout.Full("services");
        foreach (var project in Checkout.Entries.Select(e => Checkout.Projects[e.Assembly]).Distinct())
        {
            var others = References(project).Where(r => !r.StartsWith(services, StringComparison.Ordinal) || !File.Exists(r));
            Assert.True(!others.Any(), $"{project} needs {string.Join(", ", others)}");
        }
    }

    [Fact]
    public void A_project_stands_in_a_folder_alone_and_makes_a_program()
    {
        // The image's entry point is found by the project file's name.
        foreach (var folder in Checkout.Entries.Select(e => e.Project).Distinct())
            Assert.Single(Directory.EnumerateFiles(folder, "*.csproj"));
    }

    [Fact]
    public void What_is_copied_exists_and_is_not_ignored()
    {
        var kept = File.ReadAllLines(Checkout.Full(".dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..]).ToHashSet();
        var copied = Lines.Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from=", StringComparison.Ordinal))
            .SelectMany(l => l.Split(' ')[1..^1]);
        Assert.All(copied, path => Assert.True(Path.Exists(Checkout.Full(path)) && kept.Contains(path), path));
    }

    [Fact]
    public void The_image_is_chiseled_pinned_to_the_framework_of_the_projects_and_not_root()
    {
        var framework = XDocument.Load(Checkout.Full("Directory.Build.props")).Descendants("TargetFramework").Single().Value;
        Assert.Contains($"ARG DOTNET={framework["net".Length..]}", Lines);
        Assert.Contains(Lines, l => Final().IsMatch(l));
        Assert.Contains("USER $APP_UID", Lines);
        // No shell: only the form with brackets can be started.
        Assert.Contains("ENTRYPOINT [\"/app/service\"]", Lines);
        Assert.Contains(Lines, l => l.Contains("CMD [\"/probe/probe\"", StringComparison.Ordinal));
    }

    [Fact]
    public void An_image_has_the_libraries_of_its_own_platform_only()
    {
        var text = string.Join('\n', Lines);
        Assert.All(
            Publish().Matches(text), m => Assert.Contains("--use-current-runtime --no-self-contained", m.Value, StringComparison.Ordinal));
        Assert.Matches("dotnet restore \"\\$project\" --use-current-runtime", text);
    }

    private static IEnumerable<string> References(string project) => XDocument.Load(project).Descendants("ProjectReference")
        .Select(r => Path.GetFullPath(r.Attribute("Include")!.Value.Replace('\\', '/'), Path.GetDirectoryName(project)!))
        .SelectMany(r => References(r).Prepend(r));

    [GeneratedRegex(@"^FROM mcr\.microsoft\.com/dotnet/aspnet:\$\{DOTNET\}-[a-z]+-chiseled AS ")]
    private static partial Regex Final();

    [GeneratedRegex("dotnet publish .*")]
    private static partial Regex Publish();
}
