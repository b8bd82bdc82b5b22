using System.Text.RegularExpressions;

namespace Samples.Routing;

/// <summary>Parses by descent, one method a level of precedence.</summary>
internal sealed class ExpressionParser(string text)
{
    // An expression is a line in a file: what is nested deeper is an attack on the stack.
    private const int MostNested = 64;

    private readonly List<Token> _tokens = Token.Split(text);
    private int _next;
    private int _depth;

    private Token Current => _tokens[_next];

    public Node Parse()
    {
        var root = Or();
        return Current.Kind == TokenKind.End ? root : throw Unexpected("an operator");
    }

    private Node Or()
    {
        if (++_depth > MostNested)
            throw new FormatException($"the expression is nested deeper than {MostNested} at column {Current.Column}");
        var left = And();
        while (Take("||"))
            left = new EitherNode(left, And(), decides: true);
        _depth--;
        return left;
    }

    private Node And()
    {
        var left = Relation();
        while (Take("&&"))
            left = new EitherNode(left, Relation(), decides: false);
        return left;
    }

    private Node Relation()
    {
        var left = Unary();
        if (Current is { Kind: TokenKind.Symbol, Spelling: "==" or "!=" or "<" or "<=" or ">" or ">=" } symbol)
        {
            _next++;
            return new CompareNode(symbol.Spelling, left, Unary());
        }

        if (Current is { Kind: TokenKind.Name, Spelling: "in" })
        {
            _next++;
            return new InNode(left, Unary());
        }

        return left;
    }

    private Node Unary()
    {
        if (Take("!"))
            return new NotNode(Nested(Unary));
        if (!Take("-"))
            return Member();
        return Current is { Kind: TokenKind.Number, Value: double number } && Skip()
            ? new LiteralNode(-number)
            : throw Unexpected("a number");
    }

    private Node Member()
    {
        var target = Primary();
        while (true)
        {
            if (Take("."))
            {
                var name = Expect(TokenKind.Name, "a field or a function");
                target = Current.Spelling == "(" ? Method(target, name) : new FieldNode(target, name.Spelling);
            }
            else if (Take("["))
            {
                target = new IndexNode(target, Or());
                Expect("]");
            }
            else
            {
                return target;
            }
        }
    }

    private Node Primary()
    {
        var token = Current;
        if (token.Kind is TokenKind.Text or TokenKind.Number && Skip())
            return new LiteralNode(token.Value);
        if (Take("("))
        {
            var inner = Or();
            Expect(")");
            return inner;
        }

        if (Take("["))
            return new ListNode(Arguments("]"));
        if (token.Kind != TokenKind.Name)
            throw Unexpected("a value");
        _next++;
        switch (token.Spelling)
        {
            case "event":
                return new EventNode();
            case "true" or "false":
                return new LiteralNode(token.Spelling == "true");
            case "null":
                return new LiteralNode(null);
            case "has":
                Expect("(");
                var field = Member() as FieldNode
                    ?? throw new FormatException($"has() at column {token.Column} takes a field, for example has(event.data.id)");
                Expect(")");
                return new HasNode(field);
            case "size":
                Expect("(");
                var of = Or();
                Expect(")");
                return new SizeNode(of);
            default:
                throw new FormatException($"'{token.Spelling}' at column {token.Column} is unknown: only 'event', has() and size() are");
        }
    }

    private Node Method(Node target, Token name)
    {
        if (name.Spelling is not ("startsWith" or "endsWith" or "contains" or "matches" or "size"))
        {
            throw new FormatException(
                $"the function '{name.Spelling}' at column {name.Column} is not supported: "
                    + "startsWith, endsWith, contains, matches and size are");
        }

        Expect("(");
        var arguments = Arguments(")");
        switch (name.Spelling)
        {
            case "size" when arguments.Count == 0:
                return new SizeNode(target);
            case "startsWith" or "endsWith" or "contains" when arguments.Count == 1:
                return new TextNode(name.Spelling, target, arguments[0]);
            case "matches" when arguments is [LiteralNode { Value: string pattern }]:
                return new MatchesNode(target, Pattern(pattern, name));
            default:
                throw new FormatException(
                    $"{name.Spelling}() at column {name.Column} takes {(name.Spelling == "size" ? "nothing" : "one text")}");
        }
    }

    // Linear in the text, as CEL's RE2 is: an event must not be able to hold up its topic.
    private static Regex Pattern(string pattern, Token name)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"the pattern of matches() at column {name.Column} cannot be used: {error.Message}");
        }
    }

    private List<Node> Arguments(string end)
    {
        var arguments = new List<Node>();
        if (Take(end))
            return arguments;
        do
            arguments.Add(Or());
        while (Take(","));
        Expect(end);
        return arguments;
    }

    private Node Nested(Func<Node> parse)
    {
        if (++_depth > MostNested)
            throw new FormatException($"the expression is nested deeper than {MostNested} at column {Current.Column}");
        var node = parse();
        _depth--;
        return node;
    }

    private bool Take(string symbol) => Current.Kind == TokenKind.Symbol && Current.Spelling == symbol && Skip();

    private bool Skip()
    {
        _next++;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
            throw Unexpected($"'{symbol}'");
    }

    private Token Expect(TokenKind kind, string what)
    {
        var token = Current;
        if (token.Kind != kind)
            throw Unexpected(what);
        _next++;
        return token;
    }

    private FormatException Unexpected(string instead) =>
        new($"{Current.Spelling} stands at column {Current.Column}, where {instead} is expected");
}
