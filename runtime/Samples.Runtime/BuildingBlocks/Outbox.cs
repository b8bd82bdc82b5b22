using Grpc.Core;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>A write of a transaction, with what its outbox event is made of.</summary>
/// <param name="Write">The write; its key is the application's.</param>
/// <param name="Metadata">The operation's metadata.</param>
/// <param name="Payload">The data of the event: the value, as text where its content type is not JSON.</param>
internal sealed record TransactionWrite(StateWrite Write, IReadOnlyDictionary<string, string> Metadata, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Of the value; empty where nobody said.</summary>
    public string ContentType => Metadata.GetValueOrDefault("contentType", "");

    /// <summary>True for what shapes the event of its key and is not written.</summary>
    public bool IsProjection =>
        Write is StateWrite.Set
            && Metadata.GetValueOrDefault("outbox.projection", "").ToLowerInvariant() is "true" or "1" or "t" or "y" or "yes" or "on";
}

/// <summary>
/// The transactional outbox of one application: a transaction on a store that has one publishes an event for each upsert, exactly when it
/// committed. The event is a row of the same transaction, and is removed after it was published: a runtime that is killed in between
/// publishes it when it starts again. So an event may come twice, with the same id, but never without its transaction, nor the transaction
/// without it. (daprd sends an intention to a topic of its own first, then looks for a mark in the store; what an application sees is the
/// same.)
/// </summary>
/// <seealso href="https://microservices.io/patterns/data/transactional-outbox.html"/>
internal sealed class Outbox : IAsyncDisposable
{
    private readonly SidecarContext _context;
    private readonly PubSubBlock _pubSub;
    private readonly Dictionary<string, (OutboxSettings Settings, OutboxRelay Relay)> _stores = new(StringComparer.Ordinal);

    public Outbox(SidecarContext context, PubSubBlock pubSub)
    {
        _context = context;
        _pubSub = pubSub;
        foreach (var (component, engine) in context.Components.All)
        {
            if (engine is IStateStore store && OutboxSettings.Read(component) is { } settings)
                _stores.Add(component.Name, (settings, new OutboxRelay(context, component.Name, store, settings, pubSub)));
        }
    }

    /// <summary>
    /// Commits a transaction with its events, where the store has an outbox; else as it is. <paramref name="commit"/> gets the writes with
    /// their complete keys. Throws <see cref="ApiException"/>, before anything is written, where the events cannot be published.
    /// </summary>
    public async Task CommitAsync(
        string store, IReadOnlyList<TransactionWrite> writes, EventTrace trace, Func<string, string> fullKey,
        Func<IReadOnlyList<StateWrite>, Task> commit)
    {
        var plain = writes.Where(w => !w.IsProjection || !_stores.ContainsKey(store))
            .Select(w => w.Write with { Key = fullKey(w.Write.Key) }).ToList();
        if (!_stores.TryGetValue(store, out var outbox))
        {
            await commit(plain);
            return;
        }

        var (settings, relay) = outbox;
        if (_pubSub.Find(settings.PubSub) is not { } target)
            throw Failed($"pubsub {settings.PubSub} is not found");
        if (!target.Access.MayPublish(settings.Topic))
            throw Failed($"topic {settings.Topic} is not allowed for app id {_context.AppId}");
        var events = Events(writes, settings, trace).ToList();
        await relay.CommitAsync([.. events.Select(e => e.Id)],
            keys => commit([.. plain, .. events.Zip(keys, (e, key) => new StateWrite.Set(key, e.Data, Ttl: TimeSpan.Zero))]));
    }

    private IEnumerable<(string Id, byte[] Data)> Events(IReadOnlyList<TransactionWrite> writes, OutboxSettings settings, EventTrace trace)
    {
        var projections = new Dictionary<string, TransactionWrite>(StringComparer.Ordinal);
        foreach (var projection in writes.Where(w => w.IsProjection))
            projections[projection.Write.Key] = projection;
        var upserts = writes.Where(w => w is { Write: StateWrite.Set, IsProjection: false }).ToList();
        if (projections.Keys.Except(upserts.Select(w => w.Write.Key)).FirstOrDefault() is { } alone)
            throw Failed($"the projection of key '{alone}' has no operation of the same key in the transaction");
        foreach (var upsert in upserts)
        {
            var shown = projections.GetValueOrDefault(upsert.Write.Key, upsert);
            // Ordered by time, so that events that wait for a start are published in the order of their transactions.
            var id = "outbox-" + Guid.CreateVersion7(_context.Time.GetUtcNow());
            var envelope = new EnvelopeContext(_context.AppId, settings.PubSub, settings.Topic, trace, _context.Time.GetUtcNow(), null);
            yield return (
                id,
                CloudEvents.Wrap(
                    shown.Payload, shown.ContentType, new Dictionary<string, string> { ["cloudevent.id"] = id }, envelope,
                    Members(upsert.Metadata)));
        }
    }

    // Any metadata is a member of the event, but for its data and id, which are Dapr's.
    private static IEnumerable<KeyValuePair<string, string>> Members(IReadOnlyDictionary<string, string> metadata) => metadata
        .Select(
            m => KeyValuePair.Create(
                m.Key.StartsWith("cloudevent.", StringComparison.OrdinalIgnoreCase) ? m.Key["cloudevent.".Length..] : m.Key, m.Value))
        .Where(m => m.Key is not ("data" or "data_base64" or "id" or "topic" or "pubsubname" or "contentType" or "outbox.projection"));

    private ApiException Failed(string why) =>
        new(500, "ERR_PUBLISH_OUTBOX", StatusCode.Internal, $"error while publishing outbox message: {why}")
        {
            Details = new ErrorDetails("DAPR_PUBSUB_OUTBOX")
            {
                Metadata = new Dictionary<string, string> { ["appID"] = _context.AppId, ["error"] = why },
            },
        };

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, relay) in _stores.Values)
            await relay.DisposeAsync();
    }
}
