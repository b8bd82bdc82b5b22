using System.Text;

namespace Samples.Cli.Processes;

/// <summary>Reads what a program says line by line, to its end.</summary>
internal static class Lines
{
    /// <summary>A longer line is told in pieces: a program that never ends its line must not fill the memory.</summary>
    public const int Longest = 16 << 10;

    private const int BufferSize = 4 << 10;

    /// <summary>Gives each line to <paramref name="say"/>. Completes with the end of the output, or when somebody else closes it.</summary>
    public static async Task CopyAsync(TextReader output, Action<string> say)
    {
        var buffer = new char[BufferSize];
        var line = new StringBuilder();
        try
        {
            while (await output.ReadAsync(buffer) is > 0 and var count)
                Split(buffer.AsSpan(0, count), line, say);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process is gone and its output was let go.
        }

        if (line.Length > 0)
            Say(line, say);
    }

    private static void Split(ReadOnlySpan<char> text, StringBuilder line, Action<string> say)
    {
        while (text.IndexOf('\n') is >= 0 and var end)
        {
            line.Append(text[..end]);
            Say(line, say);
            text = text[(end + 1)..];
        }

        line.Append(text);
        if (line.Length >= Longest)
            Say(line, say);
    }

    private static void Say(StringBuilder line, Action<string> say)
    {
        if (line.Length > 0 && line[^1] == '\r')
            line.Length--;
        try
        {
            say(line.ToString());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The disk is full, perhaps. A program that nobody listens to would stop at its next word; a lost line is less.
        }

        line.Clear();
    }
}
