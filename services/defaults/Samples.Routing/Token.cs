using System.Globalization;
using System.Text;

namespace Samples.Routing;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Name,
    Text,
    Number,
    Symbol,
    End,
}

/// <summary>A piece of an expression. <see cref="Value"/> is the text or the number that a literal means.</summary>
internal sealed record Token(TokenKind Kind, string Spelling, int Column, object? Value = null)
{
    private static readonly string[] Symbols = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ".", ",", "-"];

    public static List<Token> Split(string text)
    {
        var tokens = new List<Token>();
        for (var at = 0; ;)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at == text.Length)
            {
                tokens.Add(new Token(TokenKind.End, "the end", at + 1));
                return tokens;
            }

            var token = Read(text, ref at);
            tokens.Add(token);
        }
    }

    private static Token Read(string text, ref int at)
    {
        var start = at;
        if (text[at] is '"' or '\'')
            return ReadText(text, ref at);
        if (char.IsAsciiDigit(text[at]) || (text[at] == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
            return ReadNumber(text, ref at);
        if (char.IsAsciiLetter(text[at]) || text[at] == '_')
        {
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
                at++;
            return new Token(TokenKind.Name, text[start..at], start + 1);
        }

        var rest = text.AsSpan(at);
        foreach (var symbol in Symbols)
        {
            if (rest.StartsWith(symbol, StringComparison.Ordinal))
            {
                at += symbol.Length;
                return new Token(TokenKind.Symbol, symbol, start + 1);
            }
        }

        throw new FormatException($"'{text[at]}' at column {start + 1} is not supported");
    }

    private static Token ReadNumber(string text, ref int at)
    {
        var start = at;
        while (at < text.Length
            && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E')))
            at++;
        var spelling = text[start..at];
        return double.TryParse(
            spelling, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? new Token(TokenKind.Number, spelling, start + 1, number)
            : throw new FormatException($"'{spelling}' at column {start + 1} is no number");
    }

    private static Token ReadText(string text, ref int at)
    {
        var start = at++;
        var value = new StringBuilder();
        while (at < text.Length && text[at] != text[start])
        {
            if (text[at] == '\\')
            {
                at++;
                value.Append(at == text.Length ? '\\' : text[at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '\\' or '"' or '\'' => text[at],
                    var other => throw new FormatException($"the escape '\\{other}' at column {at} is not supported"),
                });
                at++;
            }
            else
            {
                value.Append(text[at++]);
            }
        }

        if (at >= text.Length)
            throw new FormatException($"the text that begins at column {start + 1} has no end");
        at++;
        return new Token(TokenKind.Text, text[start..at], start + 1, value.ToString());
    }
}
