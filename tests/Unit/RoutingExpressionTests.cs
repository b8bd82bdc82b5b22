using System.Text.Json;
using Samples.Routing;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>Routing rules: what they mean, what they cannot tell, what is refused at the start.</summary>
public sealed class RoutingExpressionTests
{
    private const string Event = """
        {"type": "order.v2", "source": "shop/berlin", "data": {"total": 120.5, "items": 3, "rush": true, "tags": ["a", "b"], "note": null,
         "customer": {"name": "Zoë"}, "order-id": 7}}
        """;

    [Theory]
    [InlineData("event.type == \"order.v2\"", true)]
    [InlineData("event.type == 'order.v1'", false)]
    [InlineData("event.type != 'order.v1'", true)]
    [InlineData("event.data.total > 120 && event.data.total <= 120.5", true)]
    [InlineData("event.data.items == 3", true)]
    [InlineData("event.data.items == 3.0", true)]
    [InlineData("event.data.items > -1", true)]
    [InlineData("event.data.rush", true)]
    [InlineData("!event.data.rush", false)]
    [InlineData("!(event.data.rush && event.data.items > 5)", true)]
    [InlineData("event.data.rush == true || event.data.items == 9", true)]
    [InlineData("event.type == 'x' || event.type == 'y' && event.data.rush", false)]
    [InlineData("(event.type == 'x' || event.data.rush) && event.data.items == 3", true)]
    [InlineData("has(event.data.total)", true)]
    [InlineData("has(event.data.absent)", false)]
    [InlineData("has(event.data.absent) && event.data.absent > 3", false)]
    [InlineData("event.type in ['order.v1', 'order.v2']", true)]
    [InlineData("'b' in event.data.tags", true)]
    [InlineData("'total' in event.data", true)]
    [InlineData("5 in [1, 2]", false)]
    [InlineData("event.source.startsWith('shop/')", true)]
    [InlineData("event.source.endsWith(\"berlin\")", true)]
    [InlineData("event.source.contains('p/b')", true)]
    [InlineData("event.source.matches('^shop/[a-z]+$')", true)]
    [InlineData("event.source.matches('erl')", true)]
    [InlineData("event.data['order-id'] == 7", true)]
    [InlineData("event.data.tags[1] == 'b'", true)]
    [InlineData("size(event.data.tags) == 2 && event.data.customer.name.size() == 3", true)]
    [InlineData("event.data.note == null", true)]
    [InlineData("event.data.items == 'three'", false)]
    [InlineData("event.data.absent == 1 || event.data.rush", true)]
    [InlineData("event.data.rush || event.data.absent == 1", true)]
    [InlineData("event.data.absent == 1 && event.type == 'x'", false)]
    [InlineData("'it\\'s' == \"it's\"", true)]
    [InlineData("'b' > 'a' && true > false", true)]
    public void A_condition_holds_or_does_not(string expression, bool expected) => Assert.Equal(expected, Matches(expression));

    [Theory]
    [InlineData("event.data.absent == 1", "no such key: absent")]
    [InlineData("event.type.length == 1", "no such key: length")]
    [InlineData("event.type", "was not a boolean")]
    [InlineData("event.type > 3", "different kinds")]
    [InlineData("event.data.items && true", "truth value")]
    [InlineData("event.data.items.startsWith('3')", "needs texts")]
    public void What_it_cannot_tell_is_an_error_not_a_no(string expression, string message) =>
        Assert.Contains(message, Assert.Throws<RoutingException>(() => Matches(expression)).Message);

    [Theory]
    [InlineData("", "the end stands at column 1, where a value is expected")]
    [InlineData("event.type ==", "the end stands at column 14, where a value is expected")]
    [InlineData("event.type = 'x'", "'=' at column 12 is not supported")]
    [InlineData("event.data.a + 1 == 2", "'+' at column 14 is not supported")]
    [InlineData("event.data.a ? true : false", "'?' at column 14 is not supported")]
    [InlineData("order.type == 'x'", "'order' at column 1 is unknown: only 'event', has() and size() are")]
    [InlineData(
            "event.data.items.exists(i, i > 3)",
            "the function 'exists' at column 18 is not supported: startsWith, endsWith, contains, matches and size are")]
    [InlineData("event.type.matches('(')", "the pattern of matches() at column 12 cannot be used")]
    [InlineData("event.type.matches(event.source)", "matches() at column 12 takes one text")]
    [InlineData("event.type == 'x", "the text that begins at column 15 has no end")]
    [InlineData("(event.type == 'x'", "the end stands at column 19, where ')' is expected")]
    [InlineData("event.type == 'x' event", "event stands at column 19, where an operator is expected")]
    [InlineData("has(event)", "has() at column 1 takes a field")]
    [InlineData("event.a == 1.2.3", "'1.2.3' at column 12 is no number")]
    public void What_is_not_supported_is_refused_with_its_column(string expression, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => RoutingExpression.Parse(expression)).Message);

    [Fact]
    public void Nesting_has_an_end()
    {
        Assert.Throws<FormatException>(() => RoutingExpression.Parse(new string('(', 10_000) + "true" + new string(')', 10_000)));
        Assert.Throws<FormatException>(() => RoutingExpression.Parse(new string('!', 10_000) + "true"));
    }

    [Fact]
    public void A_rule_that_cannot_be_used_stops_the_start_with_its_place_and_the_cure()
    {
        var folder = Directory.CreateTempSubdirectory("samples-rules-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "sub.yaml"), """
                apiVersion: dapr.io/v2alpha1
                kind: Subscription
                metadata:
                  name: orders
                spec:
                  pubsubname: pubsub
                  topic: orders
                  routes:
                    rules:
                    - path: /big
                      match: event.data.items.map(i, i > 2) == [2]
                    default: /all
                """);
            var error = Assert.Throws<ResourceException>(() => ResourceLoader.Load([folder], "app", EngineCatalog.All.Values));
            Assert.Contains(
                "sub.yaml:11: the rule 'event.data.items.map(i, i > 2) == [2]' of subscription 'orders' cannot be used: "
                + "the function 'map' at column 18 is not supported: startsWith, endsWith, contains, matches and size are. Write",
                error.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool Matches(string expression)
    {
        using var json = JsonDocument.Parse(Event);
        return RoutingExpression.Parse(expression).Matches(json.RootElement);
    }
}
