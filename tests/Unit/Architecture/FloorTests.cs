using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Samples.Runtime;
using Samples.Runtime.Testing;
using Xunit;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Samples.Unit.Architecture;

/// <summary>
/// The runtime is built in floors. What stands on one may use what is below, and nothing above: so each floor can be read, and tested,
/// without those over it.
/// </summary>
public sealed class FloorTests
{
    private const string Root = "Samples.Runtime";

    // From the ground up. A name stands for its namespace and those inside it; the roof is the root namespace alone.
    private static readonly string[] Floors =
        ["Clocks", "Errors", "Resources", "Components", "Metrics", "Resilience", "Apps", "BuildingBlocks", "Api"];

    private static readonly string Roof = $"^{Regex.Escape(Root)}$";

    private static readonly string[] Engines = ["Cron", "Http", "InMemory", "Local", "Redis", "Sqlite"];

    private static readonly ArchUnitNET.Domain.Architecture Runtime =
        new ArchLoader().LoadAssembly(typeof(DaprRuntime).Assembly).Build();

    public static TheoryData<string> EachFloor => [.. Floors];

    public static TheoryData<string> EachEngine => [.. Engines];

    [Theory, MemberData(nameof(EachFloor))]
    public void A_floor_uses_nothing_above_it(string floor)
    {
        var above = Floors.SkipWhile(f => f != floor).Skip(1).Select(Inside).Append(Roof);
        Types().That().ResideInNamespaceMatching(Inside(floor))
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(string.Join('|', above)))
            .Check(Runtime);
    }

    [Theory, MemberData(nameof(EachEngine))]
    public void An_engine_knows_no_other_engine(string engine)
    {
        var others = Engines.Where(e => e != engine).Select(e => Inside($"Components.{e}"));
        Types().That().ResideInNamespaceMatching(Inside($"Components.{engine}"))
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(string.Join('|', others)))
            .Check(Runtime);
    }

    // The package for tests of one's own: beside the roof, and over everything that an application cannot see.
    [Fact]
    public void The_package_for_tests_uses_no_engine_and_no_API()
    {
        var both = new ArchLoader().LoadAssemblies(typeof(DaprRuntime).Assembly, typeof(TestDapr).Assembly).Build();
        var below = Engines.Select(e => Inside($"Components.{e}")).Append(Inside("Api"));
        Types().That().ResideInNamespaceMatching(Inside("Testing"))
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(string.Join('|', below)))
            .Check(both);
    }

    [Fact]
    public void Every_type_has_a_floor()
    {
        var known = Floors.Select(Inside).Append(Roof).ToList();
        var outside = Runtime.Types
            .Where(t => t.Namespace.FullName.StartsWith(Root, StringComparison.Ordinal))
            .Where(t => !known.Any(k => Regex.IsMatch(t.Namespace.FullName, k)))
            .Select(t => t.FullName);
        Assert.Empty(outside);
    }

    [Fact]
    public void Every_folder_of_the_engines_is_one_that_is_held_apart()
    {
        var found = Runtime.Types.Select(t => t.Namespace.FullName)
            .Where(n => n.StartsWith($"{Root}.Components.", StringComparison.Ordinal))
            .Select(n => n[(Root.Length + ".Components.".Length)..])
            .Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(Engines, found);
    }

    // The namespace and those inside it, as a regular expression.
    private static string Inside(string floor) => $"^{Regex.Escape($"{Root}.{floor}")}(\\.|$)";
}
