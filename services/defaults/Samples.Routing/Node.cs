using System.Text.Json;
using System.Text.RegularExpressions;

namespace Samples.Routing;

/// <summary>
/// A part of an expression. Values are null, <see cref="bool"/>, <see cref="double"/> (all numbers of JSON are), <see cref="string"/>, a
/// list of these, or the <see cref="JsonElement"/> of an object or array.
/// </summary>
internal abstract class Node
{
    public abstract object? Evaluate(JsonElement @event);

    protected static bool Truth(Node node, JsonElement @event) =>
        node.Evaluate(@event) as bool? ?? throw new RoutingException("a truth value is expected on both sides of && and || and after !");

    protected static object? ToValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        _ => json,
    };

    // Values of different kinds are different; that is no error.
    protected static bool Same(object? left, object? right) => (left, right) switch
    {
        (JsonElement a, JsonElement b) => JsonElement.DeepEquals(a, b),
        (IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second)),
        (IReadOnlyList<object?> a, JsonElement { ValueKind: JsonValueKind.Array } b) => Same(a, Items(b)),
        (JsonElement { ValueKind: JsonValueKind.Array } a, IReadOnlyList<object?> b) => Same(Items(a), b),
        _ => Equals(left, right),
    };

    protected static IReadOnlyList<object?> Items(JsonElement array) => [.. array.EnumerateArray().Select(ToValue)];
}

internal sealed class LiteralNode(object? value) : Node
{
    public object? Value => value;

    public override object? Evaluate(JsonElement @event) => value;
}

internal sealed class EventNode : Node
{
    public override object? Evaluate(JsonElement @event) => ToValue(@event);
}

internal sealed class ListNode(IReadOnlyList<Node> items) : Node
{
    public override object? Evaluate(JsonElement @event) => items.Select(i => i.Evaluate(@event)).ToArray();
}

internal sealed class FieldNode(Node target, string name) : Node
{
    public bool IsThere(JsonElement @event) => target.Evaluate(@event) is JsonElement { ValueKind: JsonValueKind.Object } map
        ? map.TryGetProperty(name, out _)
        : throw new RoutingException($"'{name}' is asked of something that has no fields");

    public override object? Evaluate(JsonElement @event) =>
        target.Evaluate(@event) is JsonElement { ValueKind: JsonValueKind.Object } map && map.TryGetProperty(name, out var value)
        ? ToValue(value)
        : throw new RoutingException($"no such key: {name}");
}

internal sealed class HasNode(FieldNode field) : Node
{
    public override object? Evaluate(JsonElement @event) => field.IsThere(@event);
}

internal sealed class IndexNode(Node target, Node index) : Node
{
    public override object? Evaluate(JsonElement @event) => (target.Evaluate(@event), index.Evaluate(@event)) switch
    {
        (JsonElement { ValueKind: JsonValueKind.Object } map, string key) when map.TryGetProperty(key, out var value) => ToValue(value),
        (JsonElement { ValueKind: JsonValueKind.Array } list, double at) when at >= 0
            && at < list.GetArrayLength()
            && at == Math.Floor(at) => ToValue(list[(int)at]),
        (IReadOnlyList<object?> list, double at) when at >= 0 && at < list.Count && at == Math.Floor(at) => list[(int)at],
        (_, var missing) => throw new RoutingException($"no such key: {missing}"),
    };
}

internal sealed class NotNode(Node inner) : Node
{
    public override object? Evaluate(JsonElement @event) => !Truth(inner, @event);
}

/// <summary>
/// <c>&amp;&amp;</c> and <c>||</c>: as CEL defines them, the side that decides wins even where the other cannot be judged.
/// </summary>
internal sealed class EitherNode(Node left, Node right, bool decides) : Node
{
    public override object? Evaluate(JsonElement @event)
    {
        RoutingException? failure = null;
        try
        {
            if (Truth(left, @event) == decides)
                return decides;
        }
        catch (RoutingException error)
        {
            failure = error;
        }

        if (Truth(right, @event) == decides)
            return decides;
        return failure is null ? !decides : throw failure;
    }
}

internal sealed class CompareNode(string symbol, Node left, Node right) : Node
{
    public override object? Evaluate(JsonElement @event)
    {
        var (a, b) = (left.Evaluate(@event), right.Evaluate(@event));
        if (symbol is "==" or "!=")
            return Same(a, b) == (symbol == "==");
        var order = (a, b) switch
        {
            (double x, double y) => x.CompareTo(y),
            (string x, string y) => string.CompareOrdinal(x, y),
            (bool x, bool y) => x.CompareTo(y),
            _ => throw new RoutingException($"the two sides of {symbol} are of different kinds"),
        };
        return symbol switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }
}

internal sealed class InNode(Node item, Node list) : Node
{
    public override object? Evaluate(JsonElement @event)
    {
        var wanted = item.Evaluate(@event);
        return list.Evaluate(@event) switch
        {
            IReadOnlyList<object?> values => values.Any(v => Same(v, wanted)),
            JsonElement { ValueKind: JsonValueKind.Array } array => Items(array).Any(v => Same(v, wanted)),
            JsonElement { ValueKind: JsonValueKind.Object } map => wanted is string key && map.TryGetProperty(key, out _),
            _ => throw new RoutingException("'in' needs a list or a map on its right"),
        };
    }
}

internal sealed class SizeNode(Node of) : Node
{
    public override object? Evaluate(JsonElement @event) => of.Evaluate(@event) switch
    {
        string text => (double)text.EnumerateRunes().Count(),
        IReadOnlyList<object?> list => (double)list.Count,
        JsonElement { ValueKind: JsonValueKind.Array } array => (double)array.GetArrayLength(),
        JsonElement { ValueKind: JsonValueKind.Object } map => (double)map.GetPropertyCount(),
        _ => throw new RoutingException("size() needs a text, a list or a map"),
    };
}

internal sealed class TextNode(string function, Node target, Node argument) : Node
{
    public override object? Evaluate(JsonElement @event)
    {
        if (target.Evaluate(@event) is not string text || argument.Evaluate(@event) is not string part)
            throw new RoutingException($"{function}() needs texts");
        return function switch
        {
            "startsWith" => text.StartsWith(part, StringComparison.Ordinal),
            "endsWith" => text.EndsWith(part, StringComparison.Ordinal),
            _ => text.Contains(part, StringComparison.Ordinal),
        };
    }
}

internal sealed class MatchesNode(Node target, Regex pattern) : Node
{
    public override object? Evaluate(JsonElement @event) =>
        target.Evaluate(@event) is string text ? pattern.IsMatch(text) : throw new RoutingException("matches() needs a text");
}
