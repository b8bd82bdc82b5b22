using System.Collections.Immutable;
using Samples.ShardMemory;

namespace Samples.Origin;

/// <summary>What a write came to.</summary>
public enum EditOutcome
{
    /// <summary>It is stored, and nobody tells anything older any more.</summary>
    Done,

    /// <summary>There are as many edited documents as there can be.</summary>
    Full,

    /// <summary>Somebody else wrote to the store meanwhile: another origin that should not be there.</summary>
    Conflict,
}

/// <summary>The documents as they are now: as they were delivered, and over them what was edited.</summary>
public sealed class Library(ChangeLog log, EditStore store) : IDisposable
{
    private const int MostEdits = 500;

    private readonly SemaphoreSlim _writing = new(1);
    private DocumentIndex? _index;
    private Reading _now = new(ImmutableDictionary<string, Document>.Empty.WithComparers(StringComparer.Ordinal), default);

    /// <summary>Null until it has been read.</summary>
    public DocumentIndex? Index => Volatile.Read(ref _index);

    /// <summary>A consistent look at all of it.</summary>
    public Reading Now => Volatile.Read(ref _now);

    /// <summary>Takes over what was delivered and what was stored.</summary>
    public void Load(DocumentIndex index, IEnumerable<Edit> edits)
    {
        _now = new Reading(WithEdits(edits), log.Now);
        Volatile.Write(ref _index, index);
    }

    /// <summary>A document; null where there is none.</summary>
    public Document? Find(Reading reading, string id) => reading.Edited.GetValueOrDefault(id) ?? _index!.Find(id);

    /// <summary>How many documents have all words, and the first of them.</summary>
    public (int Total, IReadOnlyList<Document> First) Search(Reading reading, IReadOnlyCollection<string> words, int limit)
    {
        var delivered = _index!.Search(words).Where(d => !reading.Edited.ContainsKey(d.Id)).ToList();
        List<Document> edited = [.. reading.Edited.Values.Where(d => d.Words().IsSupersetOf(words))];
        edited.Sort(Document.Compare);
        return (delivered.Count + edited.Count,
            [.. delivered.Take(limit).Concat(edited.Take(limit)).Order(Comparer<Document>.Create(Document.Compare)).Take(limit)]);
    }

    /// <summary>
    /// Writes a document, and returns when nobody tells anything older. A caller who does not wait that long must not conclude that nothing
    /// was written. Throws <see cref="Dapr.DaprException"/> where the store does not answer: nothing was written then, or all of it.
    /// </summary>
    public async Task<(EditOutcome Outcome, Document? Document)> EditAsync(string id, string summary, CancellationToken cancel)
    {
        SourceTime written;
        Document document;
        await _writing.WaitAsync(cancel);
        try
        {
            var (edited, before) = (Now.Edited, Find(Now, id));
            if (edited.Count >= MostEdits && !edited.ContainsKey(id))
                return (EditOutcome.Full, null);
            document = new Document(id, summary, (before?.Version ?? 0) + 1);
            var after = edited.SetItem(id, document);
            // What was begun is finished: half a write helps nobody.
            if (!await store.SaveAsync([.. after.Values.Select(d => new Edit(d.Id, d.Summary, d.Version))], CancellationToken.None))
            {
                // A save that was not acknowledged may have been one all the same: what is stored is what holds.
                Reload(await store.ReadAsync(CancellationToken.None));
                return (EditOutcome.Conflict, null);
            }

            written = log.Append(before is null ? [Touched(document)] : [Touched(before), Touched(document)]);
            Volatile.Write(ref _now, new Reading(after, written));
        }
        finally
        {
            _writing.Release();
        }

        await log.WaitAppliedAsync(written.Sequence, cancel);
        return (EditOutcome.Done, document);
    }

    private void Reload(IReadOnlyList<Edit> edits)
    {
        // Whatever anybody remembers may be old.
        Volatile.Write(ref _now, new Reading(WithEdits(edits), log.BeginAnew()));
    }

    private static ImmutableDictionary<string, Document> WithEdits(IEnumerable<Edit> edits) => edits.ToImmutableDictionary(
        e => e.Id, e => new Document(e.Id, e.Summary, e.Version), StringComparer.Ordinal);

    private static IReadOnlyList<string> Touched(Document document) =>
        [.. document.Words().Select(Escape), Escape($"id:{document.Id}")];

    /// <summary>A name that a list in a header can hold.</summary>
    public static string Escape(string name) => Uri.EscapeDataString(name);

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    /// <summary>The edits, and when it was so.</summary>
    public sealed record Reading(ImmutableDictionary<string, Document> Edited, SourceTime AsOf);
}
