using System.Buffers;
using System.Text;
using CsCheck;
using Samples.ShardAmbassador.Clients;
using Samples.ShardAmbassador.Resp;
using Xunit;

namespace Samples.Services.Ambassador;

public sealed class RespTests
{
    private static readonly Gen<byte[][]> Commands = Gen.Byte.Array[0, 30].Array[1, 8];

    // A stream cut at random places.
    private static readonly Gen<int[]> Cuts = Gen.Int[1, 7].Array[1, 400];

    private static readonly Gen<byte> LikeCommands = Gen.Frequency((1, Gen.Byte), (3, OneOf("*$\r\n0123-+"u8.ToArray())));

    private static readonly Gen<string> Replies = Gen.Recursive<string>((depth, inner) => depth > 3 ? Leaf : Gen.OneOf(Leaf,
        inner.Array[0, 3].Select(all => $"*{all.Length}\r\n{string.Concat(all)}"),
        inner.Array[0, 2].Select(all => $"~{all.Length}\r\n{string.Concat(all)}"),
        Gen.Select(inner, inner).Select((key, value) => $"%1\r\n{key}{value}"),
        Gen.Select(Leaf, Leaf, inner).Select((key, value, reply) => $"|1\r\n{key}{value}{reply}")));

    private static Gen<string> Leaf => OneOf(
        "+OK\r\n", "-ERR no\r\n", ":42\r\n", "$-1\r\n", "$0\r\n\r\n", "$5\r\na\r\nbc\r\n",
        "*-1\r\n", "_\r\n", ",1.5\r\n", "#t\r\n", "=7\r\ntxt:a b\r\n",
        "(123\r\n");

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    [Fact]
    public void Commands_are_found_however_the_stream_is_cut() => Gen.Select(Commands.Array[1, 5], Cuts).Sample((commands, cuts) =>
    {
        var stream = new ArrayBufferWriter<byte>();
        foreach (var command in commands)
        {
            RespWriter.Header(stream, '*', command.Length);
            foreach (var argument in command)
                RespWriter.Bulk(stream, argument);
        }

        var reader = new CommandReader(new RespLimits());
        var found = new List<byte[][]>();
        Feed(stream.WrittenSpan.ToArray(), cuts, buffer =>
        {
            if (!reader.TryRead(buffer, out var length))
                return 0;
            found.Add([.. Enumerable.Range(0, reader.Count).Select(i => reader.Argument(buffer, i).ToArray())]);
            return length;
        });
        return found.Count == commands.Length
            && found.Zip(commands)
                .All(p => p.First.Length == p.Second.Length && p.First.Zip(p.Second).All(a => a.First.SequenceEqual(a.Second)));
    }, iter: 2000);

    [Fact]
    public void Replies_are_found_however_deep_and_however_cut() => Gen.Select(Replies.Array[1, 5], Cuts).Sample((replies, cuts) =>
    {
        var scanner = new ReplyScanner(1_000_000);
        var found = new List<string>();
        Feed(Encoding.ASCII.GetBytes(string.Concat(replies)), cuts, buffer =>
        {
            if (!scanner.TryRead(buffer, out var length))
                return 0;
            found.Add(Encoding.ASCII.GetString(buffer[..length]));
            return length;
        });
        return found.SequenceEqual(replies);
    }, iter: 2000);

    [Fact]
    public void Any_bytes_end_in_commands_or_in_a_protocol_error() => Gen.Select(LikeCommands.Array[0, 200], Cuts).Sample((bytes, cuts) =>
    {
        var reader = new CommandReader(new RespLimits(100, 1000));
        try
        {
            Feed(bytes, cuts, buffer => reader.TryRead(buffer, out var length) ? length : 0);
        }
        catch (RespException)
        {
            // The other allowed end.
        }
    }, iter: 5000);

    [Fact]
    public void Words_of_a_line_are_a_command()
    {
        var reader = new CommandReader(new RespLimits());
        var line = "  set  key value \r\nPING\r\n"u8.ToArray();
        Assert.True(reader.TryRead(line, out var length));
        Assert.Equal(19, length);
        Assert.True(reader.IsInline);
        Assert.Equal(
            ["set", "key", "value"], Enumerable.Range(0, reader.Count).Select(i => Encoding.ASCII.GetString(reader.Argument(line, i))));
    }

    [Theory]
    [InlineData("SET k \"v\"", "SET|k|v")]
    [InlineData("SET k \"a b\"", "SET|k|a b")]
    [InlineData("SET k \"\\x41\\x2a\\n\\t\\\"\"", "SET|k|A*\n\t\"")]
    [InlineData("SET k 'it\\'s \\n'", "SET|k|it's \\n")]
    [InlineData("SET k \"\"", "SET|k|")]
    [InlineData("SET k\\n a\"b c\"", "SET|k\\n|ab c")]
    [InlineData("SET k \"\\xZZ\"", "SET|k|xZZ")]
    [InlineData("SET\tk\u000bv\u0000rest", "SET|k|v")]
    public void Words_of_a_line_are_read_as_Redis_reads_them(string line, string words)
    {
        var bytes = Encoding.ASCII.GetBytes(line + "\r\n");
        var reader = new CommandReader(new RespLimits());
        Assert.True(reader.TryRead(bytes, out _));
        Assert.Equal(words.Split('|'), Enumerable.Range(0, reader.Count).Select(i => Encoding.ASCII.GetString(reader.Argument(bytes, i))));
    }

    [Theory]
    [InlineData("SET k \"v"), InlineData("SET k 'v"), InlineData("SET k \"v\"w"), InlineData("SET k 'v'w"), InlineData("SET k \"v\\\"")]
    public void Quotes_that_do_not_match_are_refused(string line) =>
        Assert.Throws<RespException>(() => new CommandReader(new RespLimits()).TryRead(Encoding.ASCII.GetBytes(line + "\r\n"), out _));

    [Fact]
    public void A_reply_that_is_too_large_is_passed_over_with_bounded_memory_and_the_next_one_is_found()
    {
        var scanner = new ReplyScanner(1000);
        var stream = Encoding.ASCII.GetBytes($"+OK\r\n*3\r\n:1\r\n$5000\r\n{new string('x', 5000)}\r\n+x\r\n:7\r\n");
        var (buffer, found, most) = (new List<byte>(), new List<string>(), 0);
        foreach (var piece in stream.Chunk(64))
        {
            buffer.AddRange(piece);
            most = Math.Max(most, buffer.Count);
            while (scanner.TryRead(buffer.ToArray(), out var length, out var isTooLarge))
            {
                found.Add(isTooLarge ? "too large" : Encoding.ASCII.GetString([.. buffer[..length]]).Trim());
                buffer.RemoveRange(0, length);
            }

            buffer.RemoveRange(0, scanner.Discard());
        }

        Assert.Equal(["+OK", "too large", ":7"], found);
        Assert.InRange(most, 1, 200);
    }

    [Theory]
    [InlineData("*02\r\n$3\r\nGET\r\n$1\r\nk\r\n")]
    [InlineData("*2\r\n$03\r\nGET\r\n$1\r\nk\r\n")]
    [InlineData("*-0\r\n")]
    [InlineData("*x\r\n")]
    [InlineData("*1000001\r\n")]
    [InlineData("*1\r\n+OK\r\n")]
    [InlineData("*1\r\n$-1\r\n")]
    [InlineData("*1\r\n$2000000\r\n")]
    [InlineData("*1\r\n$3\r\nabcde")]
    [InlineData("*99999999999999999999\r\n")]
    public void What_cannot_be_understood_or_is_too_much_is_refused_at_once(string bytes) =>
        Assert.Throws<RespException>(
            () => new CommandReader(new RespLimits(1_000_000, 1_000_000)).TryRead(Encoding.ASCII.GetBytes(bytes), out _));

    [Theory]
    [InlineData("?\r\n")]
    [InlineData("*99999999999\r\n")]
    [InlineData("$3\n")]
    public void A_reply_that_is_none_or_too_large_is_refused_at_once(string bytes) =>
        Assert.Throws<RespException>(() => new ReplyScanner(1_000_000).TryRead(Encoding.ASCII.GetBytes(bytes), out _));

    [Fact]
    public void Values_of_several_shards_come_in_the_order_of_their_keys()
    {
        var merge = new MergedReply(Merging.Gather, [[0, 3], [1], [2]]);
        Assert.Null(merge.Add(1, "*1\r\n$1\r\nb\r\n"u8));
        Assert.Null(merge.Add(0, "*2\r\n$1\r\na\r\n$-1\r\n"u8));
        Assert.Equal("*4\r\n$1\r\na\r\n$1\r\nb\r\n_\r\n$-1\r\n", Encoding.ASCII.GetString(merge.Add(2, "*1\r\n_\r\n"u8)!));
    }

    [Fact]
    public void Numbers_of_several_shards_are_added_and_an_error_of_one_is_the_reply()
    {
        var merge = new MergedReply(Merging.Sum, [[0], [1]]);
        Assert.Null(merge.Add(0, ":2\r\n"u8));
        Assert.Equal(":5\r\n", Encoding.ASCII.GetString(merge.Add(1, ":3\r\n"u8)!));
        merge = new MergedReply(Merging.AllOk, [[0], [1]]);
        Assert.Null(merge.Add(0, "-ERR shard-1 failed\r\n"u8));
        Assert.Equal("-ERR shard-1 failed\r\n", Encoding.ASCII.GetString(merge.Add(1, "+OK\r\n"u8)!));
    }

    // Hands over what has come so far, again and again, as a connection does.
    private static void Feed(byte[] stream, int[] cuts, Func<byte[], int> read)
    {
        var (start, end) = (0, 0);
        for (var cut = 0; end < stream.Length; cut++)
        {
            end = Math.Min(end + cuts[cut % cuts.Length], stream.Length);
            int taken;
            while ((taken = read(stream[start..end])) > 0)
                start += taken;
        }
    }
}
