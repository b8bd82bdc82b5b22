using System.Buffers;

namespace Samples.ShardAmbassador.Resp;

/// <summary>
/// Bytes that are appended at one end and taken at the other, in one pooled array that grows and is given back when it is empty.
/// </summary>
internal sealed class GrowingBuffer : IBufferWriter<byte>
{
    private const int Smallest = 4096;

    private byte[] _array = [];
    private int _start, _end;

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Span => _array.AsSpan(_start, Length);

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(_start, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _end += bytes.Length;
    }

    public void Take(int count)
    {
        _start += count;
        if (_start < _end)
            return;
        (_start, _end) = (0, 0);
        if (_array.Length > Smallest * 16)
            Release();
    }

    public void Release()
    {
        if (_array.Length > 0)
            ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        _start = 0;
        _end = 0;
    }

    public void Advance(int count) => _end += count;

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsSpan(_end);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsMemory(_end);
    }

    private void Reserve(int free)
    {
        if (_array.Length - _end >= free)
            return;
        var length = Length;
        if (_array.Length - length >= free && length <= _array.Length / 2)
        {
            // Enough room at the front, and little to move.
            _array.AsSpan(_start, length).CopyTo(_array);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(
                Math.Max(Smallest, Math.Max(length + free, Math.Min(_array.Length * 2, Array.MaxLength))));
            Span.CopyTo(larger);
            if (_array.Length > 0)
                ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }

        (_start, _end) = (0, length);
    }
}
