namespace Samples.Runtime.Components.Sqlite;

/// <summary>
/// A group's place in its topic: everything up to <see cref="Position"/> is handled; beyond it, what is in hand is in memory, and what was
/// handled out of order is stored one by one. Only the writer's thread touches it.
/// </summary>
internal sealed class SqliteGroup(long rowId, long position)
{
    private const int MostInHand = 1024;
    private const long MostBytesInHand = 64 << 20;

    private readonly SortedSet<long> _inHand = [];
    private readonly List<long> _outOfOrder = [];
    private long _bytesInHand;

    public long RowId => rowId;

    public long Position { get; private set; } = position;

    /// <summary>The last message that was handed to the consumers.</summary>
    public long Cursor { get; private set; } = position;

    /// <summary>True where messages after the cursor wait in the file.</summary>
    public bool Behind { get; set; } = true;

    /// <summary>True where rows of messages handled out of order may be stored.</summary>
    public bool HasOutOfOrder { get; set; } = true;

    /// <summary>Null until somebody subscribes: a group of an earlier run only keeps its position.</summary>
    public ConsumerGroup? Consumers { get; set; }

    /// <summary>Memory holds this much of a backlog; the rest stays in the file.</summary>
    public bool HasRoom => _inHand.Count < MostInHand && _bytesInHand < MostBytesInHand;

    public void HandOver(QueuedMessage message)
    {
        Cursor = message.Id;
        _inHand.Add(message.Id);
        _bytesInHand += message.Message.Data.Length;
        Consumers!.Add(message);
    }

    public void Handled(QueuedMessage message)
    {
        _inHand.Remove(message.Id);
        _bytesInHand -= message.Message.Data.Length;
        _outOfOrder.Add(message.Id);
    }

    /// <summary>
    /// Moves the position as far as everything is handled; the result is what was handled beyond it since the last call.
    /// </summary>
    public IReadOnlyList<long> Advance()
    {
        Position = _inHand.Count > 0 ? _inHand.Min - 1 : Cursor;
        var beyond = _outOfOrder.FindAll(id => id > Position);
        _outOfOrder.Clear();
        return beyond;
    }
}
