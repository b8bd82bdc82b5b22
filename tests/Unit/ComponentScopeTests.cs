using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

public sealed class ComponentScopeTests
{
    private static readonly Component Unscoped = new("s", "state.in-memory", "v1", new Dictionary<string, string>(), Origin.Code);

    [Fact]
    public void A_component_without_scopes_is_seen_by_all() => Assert.True(Unscoped.IsVisibleTo("any"));

    [Theory]
    [InlineData("a", true)]
    [InlineData("A", false)]
    [InlineData("b", false)]
    public void A_scoped_component_is_seen_by_the_named_apps_only(string appId, bool seen) =>
        Assert.Equal(seen, (Unscoped with { Scopes = ["a"] }).IsVisibleTo(appId));
}
