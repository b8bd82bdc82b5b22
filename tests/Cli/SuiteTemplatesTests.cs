using Samples.Cli.RunTemplate;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Cli.Tests;

/// <summary>The run templates of the suite itself.</summary>
public sealed class SuiteTemplatesTests
{
    private static readonly Repository Suite = new(Path.GetFullPath(Path.Combine(Checkout.Artifacts, "..", "..")));

    [Fact]
    public void Every_template_can_be_run()
    {
        Assert.NotEmpty(Suite.Patterns);
        foreach (var pattern in Suite.Patterns)
        {
            var entries = TemplateReader.Read(pattern.Template, Suite.Root);
            // What is a note about somebody else's files is a mistake in the suite's own.
            Assert.Empty(entries.SelectMany(e => e.Ignored));
            // With `dapr run -f`, relative paths of components resolve in the app's folder: equal ones share their files.
            Assert.Single(entries.Select(e => e.Directory).Distinct());
        }
    }

    [Fact]
    public void Ports_are_unique_over_the_suite()
    {
        var ports = Suite.Patterns.SelectMany(p => YamlMap.ReadFile(p.Template)[0].Maps("apps").SelectMany(app =>
            TemplateFields.Ports.Select(field => app.Number(field)).Where(port => port > 0)
                .Select(port => (port, $"{p.Name}: {app.Text("appID")}"))));
        foreach (var port in ports.GroupBy(p => p.port))
            Assert.True(port.Count() == 1, $"port {port.Key} is wanted by {string.Join(" and ", port.Select(p => p.Item2))}");
    }
}
