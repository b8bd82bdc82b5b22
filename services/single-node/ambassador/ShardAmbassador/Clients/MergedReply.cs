using System.Buffers;
using System.Buffers.Text;
using Samples.ShardAmbassador.Resp;

namespace Samples.ShardAmbassador.Clients;

/// <summary>How the replies to the parts of a split command become one.</summary>
internal enum Merging
{
    /// <summary>Numbers are added: DEL, EXISTS, TOUCH, UNLINK.</summary>
    Sum,

    /// <summary>All must be OK: MSET.</summary>
    AllOk,

    /// <summary>Elements go to the places of their keys: MGET.</summary>
    Gather,
}

/// <summary>
/// Puts the replies of several servers together. An error of one of them is the reply to the whole: the others may have done their part.
/// </summary>
/// <param name="merging">How.</param>
/// <param name="places">For each part, the places of its keys in the command.</param>
internal sealed class MergedReply(Merging merging, int[][] places)
{
    private readonly byte[]?[] _elements = new byte[]?[merging == Merging.Gather ? places.Sum(p => p.Length) : 0];
    private readonly ReplyScanner _scanner = new(int.MaxValue);
    private int _missing = places.Length;
    private byte[]? _error;
    private long _sum;

    /// <summary>Takes the reply to one part; the whole when this was the last one, else null.</summary>
    public byte[]? Add(int part, ReadOnlySpan<byte> reply)
    {
        if (reply[0] == '-')
            _error ??= reply.ToArray();
        else if (!TryTake(part, reply))
            _error ??= RespWriter.Error("ERR a shard answered with another type than the command has");
        if (--_missing > 0)
            return null;
        return _error ?? Result();
    }

    private bool TryTake(int part, ReadOnlySpan<byte> reply)
    {
        switch (merging)
        {
            case Merging.Sum:
                if (reply[0] != ':' || !Utf8Parser.TryParse(reply[1..], out long value, out _))
                    return false;
                _sum += value;
                return true;
            case Merging.AllOk:
                return reply.SequenceEqual("+OK\r\n"u8);
            default:
                return TryGather(places[part], reply);
        }
    }

    private bool TryGather(int[] keys, ReadOnlySpan<byte> reply)
    {
        if (reply[0] != '*' || !RespNumber.TryReadLine(reply, 1, out var count, out var at) || count != keys.Length)
            return false;
        foreach (var key in keys)
        {
            if (!_scanner.TryRead(reply[at..], out var length))
                return false;
            _elements[key] = reply.Slice(at, length).ToArray();
            at += length;
        }

        return true;
    }

    private byte[] Result()
    {
        var output = new ArrayBufferWriter<byte>();
        switch (merging)
        {
            case Merging.Sum:
                RespWriter.Number(output, _sum);
                break;
            case Merging.AllOk:
                output.Write("+OK\r\n"u8);
                break;
            default:
                RespWriter.Header(output, '*', _elements.Length);
                foreach (var element in _elements)
                    output.Write(element);
                break;
        }

        return output.WrittenSpan.ToArray();
    }
}
