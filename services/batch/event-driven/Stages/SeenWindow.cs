using System.Buffers.Binary;

namespace Samples.Stages;

/// <summary>The ids of one batch, as they are kept.</summary>
/// <param name="Number">Its place in the log, from 0.</param>
/// <param name="Clock">When, in seconds of a clock that stands still while nothing comes.</param>
/// <param name="At">When.</param>
/// <param name="Ids">128 bits an id.</param>
public sealed record SeenEntry(long Number, double Clock, DateTimeOffset At, byte[] Ids);

/// <summary>
/// The ids that were seen as long as redelivery can last. Its clock stands still while no events come: a stage that was away for an hour
/// knows afterwards what it knew before, and what came once is found however late the broker brings it again.
/// </summary>
public sealed class SeenWindow(TimeSpan kept)
{
    // Bytes an id: two of billions do not meet in 128 bits.
    private const int Width = 16;

    // A pause between two batches counts for no more than this.
    private const double LongestPause = 1;

    private readonly HashSet<UInt128> _ids = [];
    private readonly Queue<SeenEntry> _entries = new();
    private SeenEntry? _last;

    /// <summary>How many ids it holds.</summary>
    public int Count => _ids.Count;

    /// <summary>True for an id that was seen.</summary>
    public bool Contains(string id) => _ids.Contains(DerivedIds.Hash(id));

    /// <summary>The entry of a batch that was handled now; it is added where it was stored.</summary>
    public SeenEntry Make(long number, IReadOnlyCollection<string> ids, DateTimeOffset now)
    {
        var bytes = new byte[ids.Count * Width];
        var place = 0;
        foreach (var id in ids)
            BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(Width * place++), DerivedIds.Hash(id));
        var pause = _last is null ? 0 : Math.Clamp((now - _last.At).TotalSeconds, 0, LongestPause);
        return new SeenEntry(number, (_last?.Clock ?? 0) + pause, now, bytes);
    }

    /// <summary>Adds an entry that is stored.</summary>
    public void Add(SeenEntry entry)
    {
        _entries.Enqueue(entry);
        _last = entry;
        for (var at = 0; at < entry.Ids.Length; at += Width)
            _ids.Add(BinaryPrimitives.ReadUInt128LittleEndian(entry.Ids.AsSpan(at)));
    }

    /// <summary>
    /// The numbers of the oldest entries that no redelivery can bring any more when its clock shows this; at most so many.
    /// </summary>
    public IReadOnlyList<long> Over(double clock, int most) =>
        [.. _entries.Take(most).TakeWhile(e => clock - e.Clock > kept.TotalSeconds).Select(e => e.Number)];

    /// <summary>Forgets the entries before this number.</summary>
    public void ForgetBefore(long number)
    {
        while (_entries.TryPeek(out var old) && old.Number < number)
        {
            _entries.Dequeue();
            for (var at = 0; at < old.Ids.Length; at += Width)
                _ids.Remove(BinaryPrimitives.ReadUInt128LittleEndian(old.Ids.AsSpan(at)));
        }
    }

    /// <summary>Forgets everything, to be read again.</summary>
    public void Clear()
    {
        _ids.Clear();
        _entries.Clear();
        _last = null;
    }
}
