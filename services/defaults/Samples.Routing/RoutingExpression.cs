using System.Globalization;
using System.Text.Json;

namespace Samples.Routing;

/// <summary>
/// A routing rule's condition over <c>event</c>, in the part of CEL that routes events: comparisons, <c>&amp;&amp;</c>, <c>||</c>,
/// <c>!</c>, parentheses, text, number, <c>true</c>, <c>false</c>, <c>null</c>, lists with <c>in</c>, <c>has()</c>, <c>size()</c>,
/// <c>startsWith</c>, <c>endsWith</c>, <c>contains</c>, <c>matches</c>. Anything else is refused when it is parsed, not when an event
/// comes.
/// </summary>
/// <seealso href="https://github.com/google/cel-spec/blob/master/doc/langdef.md">The language's definition.</seealso>
public sealed class RoutingExpression
{
    private readonly Node _root;

    private RoutingExpression(string text, Node root) => (Text, _root) = (text, root);

    /// <summary>What was parsed.</summary>
    public string Text { get; }

    /// <summary>Parses an expression; throws <see cref="FormatException"/> that names the column and what is allowed there.</summary>
    public static RoutingExpression Parse(string text) => new(text, new ExpressionParser(text).Parse());

    /// <summary>
    /// True where the event fulfils the condition. Throws <see cref="RoutingException"/> where it cannot tell, as CEL does: a field that
    /// the event does not have (ask with <c>has()</c> first), texts compared with numbers, a result that is no truth value.
    /// </summary>
    public bool Matches(JsonElement @event) => _root.Evaluate(@event) as bool?
        ?? throw new RoutingException($"the result of match expression {Text} was not a boolean");

    /// <summary>
    /// The value as a text, such as the key of an event. Throws <see cref="RoutingException"/> where the event has no such field, and for
    /// what is no text, number or truth value, or empty: that would be one key for all that have none.
    /// </summary>
    public string TextOf(JsonElement @event) => _root.Evaluate(@event) switch
    {
        string { Length: > 0 } text => text,
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        bool truth => truth ? "true" : "false",
        _ => throw new RoutingException($"{Text} is empty, or no text, number or truth value"),
    };
}

/// <summary>An event that an expression cannot judge.</summary>
public sealed class RoutingException(string message) : Exception(message);
