using System.Text.RegularExpressions;
using Samples.ConfigSidecar;
using Samples.GitSyncSidecar;
using Samples.LegacySite;
using Samples.LogSidecar;
using Samples.LogStore;
using Samples.Parameters;
using Samples.Pod;
using Samples.TlsSidecar;
using Samples.TopzSidecar;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>What a program takes, its help and the page say the same.</summary>
public sealed partial class HelpTests
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "services", "single-node", "sidecar");

    private static readonly Usage[] Usages =
    [
        SiteOptions.Usage, TlsOptions.Usage, ConfigOptions.Usage, LogOptions.Usage, StoreOptions.Usage, TopzOptions.Usage, GitOptions.Usage,
    ];

    public static TheoryData<string> Programs => [.. Usages.Select(u => u.Program)];

    [Theory, MemberData(nameof(Programs))]
    public void The_page_has_each_setting_as_the_help_tells_it(string program)
    {
        var usage = Usages.Single(u => u.Program == program);
        var section = File.ReadAllText(Path.Combine(Folder, "README.md")).Split($"\n**{program}**\n")[1].Split("\n**")[0].Split("\n## ")[0];
        Assert.Equal(
            usage.Settings.Select(s => $"| `{s.Variable}` | {s.Otherwise} | {s.Meaning} |"),
            section.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)));
        Assert.All(usage.Settings, s => Assert.Contains($"  {s.Variable}\n      {s.Meaning}\n", usage.ToText(), StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Programs))]
    public void A_setting_that_the_code_reads_is_told(string program)
    {
        var usage = Usages.Single(u => u.Program == program);
        var project = string.Concat(program.Split('-').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        var read = Directory.EnumerateFiles(Path.Combine(Folder, project), "*.cs")
            .SelectMany(f => Read().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value)
            .Where(v => !v.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).Distinct();
        Assert.Empty(read.Except(usage.Settings.Select(s => s.Variable)));
    }

    [GeneratedRegex("""(?:configuration\[|Set\(configuration, |configuration, |Seconds\(|Whole\()"([A-Z_]+)"?""")]
    private static partial Regex Read();
}
