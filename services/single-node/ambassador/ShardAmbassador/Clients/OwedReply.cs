using System.Buffers;

namespace Samples.ShardAmbassador.Clients;

/// <summary>
/// A reply that a client waits for. Replies go out in the order of the commands, whichever server is faster: one that comes early is held
/// here.
/// </summary>
internal sealed class OwedReply(ClientConnection client)
{
    private byte[]? _held;
    private int _length;

    public ClientConnection Client => client;

    /// <summary>Set where the reply is put together from several servers'.</summary>
    public MergedReply? Merge { get; set; }

    public bool IsHeld => _held is not null;

    public ReadOnlySpan<byte> Held => _held.AsSpan(0, _length);

    public void Hold(ReadOnlySpan<byte> reply)
    {
        _held = ArrayPool<byte>.Shared.Rent(reply.Length);
        _length = reply.Length;
        reply.CopyTo(_held);
    }

    public void Reset()
    {
        if (_held is not null)
            ArrayPool<byte>.Shared.Return(_held);
        (_held, Merge) = (null, null);
    }
}
