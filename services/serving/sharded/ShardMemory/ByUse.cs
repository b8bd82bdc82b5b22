namespace Samples.ShardMemory;

/// <summary>A remembered answer and its neighbours in the order of use.</summary>
internal struct Slot
{
    public string Key, ContentType, DependsOn;
    public byte[] Body;
    public int Newer, Older;
}

/// <summary>
/// Answers in the order of their use: a doubly linked list of places in arrays. An object for each link would take half as much again as a
/// small answer itself.
/// </summary>
internal sealed class ByUse
{
    /// <summary>No place.</summary>
    public const int None = -1;

    // Small enough that nearly nothing lies idle, and that no array is moved when another is needed.
    private const int Chunk = 256;

    private readonly List<Slot[]> _chunks = [];
    private int _begun, _free = None;

    /// <summary>What was used last, or <see cref="None"/>.</summary>
    public int Newest { get; private set; } = None;

    /// <summary>What nobody used for longest, or <see cref="None"/>.</summary>
    public int Oldest { get; private set; } = None;

    /// <summary>What lies at a place.</summary>
    public ref Slot this[int place] => ref _chunks[place / Chunk][place % Chunk];

    /// <summary>Puts an answer first; its place.</summary>
    public int Add(string key, Answer answer)
    {
        var place = Take();
        this[place] = new Slot { Key = key, ContentType = answer.ContentType, DependsOn = answer.DependsOn, Body = answer.Body };
        PutFirst(place);
        return place;
    }

    /// <summary>It was used.</summary>
    public void Touch(int place)
    {
        if (place == Newest)
            return;
        Unlink(place);
        PutFirst(place);
    }

    /// <summary>Lets go of what lies there.</summary>
    public void Remove(int place)
    {
        Unlink(place);
        this[place] = new Slot { Older = _free };
        _free = place;
    }

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        _chunks.Clear();
        (_begun, _free, Newest, Oldest) = (0, None, None, None);
    }

    private int Take()
    {
        if (_free != None)
        {
            var place = _free;
            _free = this[place].Older;
            return place;
        }

        if (_begun == _chunks.Count * Chunk)
            _chunks.Add(new Slot[Chunk]);
        return _begun++;
    }

    private void PutFirst(int place)
    {
        ref var slot = ref this[place];
        slot.Newer = None;
        slot.Older = Newest;
        if (Newest != None)
            this[Newest].Newer = place;
        else
            Oldest = place;
        Newest = place;
    }

    private void Unlink(int place)
    {
        var (newer, older) = (this[place].Newer, this[place].Older);
        if (newer != None)
            this[newer].Older = older;
        else
            Newest = older;
        if (older != None)
            this[older].Newer = newer;
        else
            Oldest = newer;
    }
}
