using System.Text.RegularExpressions;
using Samples.HealthAdapter;
using Samples.LegacyBatch;
using Samples.LegacyMeter;
using Samples.LegacyRedis;
using Samples.LegacyShop;
using Samples.LogAdapter;
using Samples.MetricsAdapter;
using Samples.Parameters;
using Samples.Services.Ambassador;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>What a program takes, its help and the page say the same.</summary>
public sealed partial class AdapterHelpTests
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "services", "single-node", "adapter");

    private static readonly Usage[] Usages =
    [
        MetricsOptions.Usage, LogOptions.Usage, HealthOptions.Usage,
        RedisSettings.Usage, ShopSettings.Usage, MeterSettings.Usage, BatchSettings.Usage,
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
    }

    [Theory, MemberData(nameof(Programs))]
    public void A_setting_that_the_code_reads_is_told(string program)
    {
        var usage = Usages.Single(u => u.Program == program);
        var project = string.Concat(program.Split('-').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        var read = Directory.EnumerateFiles(Path.Combine(Folder, project), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => Read().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value).Distinct();
        var told = usage.Settings.SelectMany(s => s.Variable.Split("__"));
        Assert.Empty(read.Except(told));
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task Each_program_prints_its_help_and_starts_nothing(string program)
    {
        var project = "Samples." + string.Concat(program.Split('-').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        var printed = await ExternalTool.RunAsync("dotnet", Checkout.Assembly(project), "--help");
        Assert.Equal(Usages.Single(u => u.Program == program).ToText().TrimEnd(), printed.TrimEnd());
    }

    [GeneratedRegex("""(?:[cC]onfiguration\[|section\[|GetSection\(|Seconds\(|Whole\(|Number\()"([A-Z_]+)"?""")]
    private static partial Regex Read();
}
