using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Routing;

namespace Samples.Stages;

/// <summary>What a stage does with an event. What it throws makes the event a dead letter.</summary>
public delegate ValueTask<Outcome> StageFunction(StageEvent received, CancellationToken cancel);

/// <summary>
/// One topic of a stage, a batch at a time. What was seen is dropped; the rest is handled, published, and only then noted as seen. Whoever
/// dies in between gets the batch again and publishes it again, with the same ids: the next stage drops it.
/// </summary>
public sealed class StageInput(
    string topic, StageSettings settings, SeenLog seen, Outbox outbox, StageFunction function, IStageEffect? effect,
    Guarantees guarantees, Counts counts, ILogger<StageInput> log) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>How many ids it remembers.</summary>
    public int Remembered => seen.Count;

    /// <summary>Handles a batch; says of each event whether it is done, and of the others that they have to come again.</summary>
    public async Task<bool[]> HandleAsync(IReadOnlyList<JsonElement> envelopes, CancellationToken cancel)
    {
        var events = envelopes.Select(Read).ToList();
        // Batches of one topic follow each other, whatever the sidecar does.
        await _turn.WaitAsync(cancel);
        try
        {
            await seen.LoadAsync(cancel);
            while (true)
            {
                var fresh = Fresh(events);
                var handled = await HandleAsync(fresh, cancel);
                var done = fresh.Where(handled.Contains).ToList();
                if (done.Count > 0 && !await CommitAsync(done, cancel))
                    continue;
                counts.Handled(done.Count, events.Count - fresh.Count, dead: 0);
                counts.ComesAgain(fresh.Count - done.Count);
                var again = fresh.Except(done).ToHashSet<StageEvent>(ReferenceEqualityComparer.Instance);
                return [.. events.Select(e => !again.Contains(e))];
            }
        }
        catch (Exception error) when (error is Dapr.DaprException or Grpc.Core.RpcException && !cancel.IsCancellationRequested)
        {
            log.LogWarning("a batch of {Topic} comes again: {Problem}", topic, error.GetBaseException().Message);
            counts.ComesAgain(events.Count);
            return new bool[events.Count];
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> CommitAsync(List<StageEvent> done, CancellationToken cancel)
    {
        var stored = false;
        try
        {
            var further = effect is null ? [] : await effect.PrepareAsync(topic, done, seen, cancel);
            stored = await seen.CommitAsync([.. done.Select(e => e.Id)], further, cancel);
            return stored;
        }
        finally
        {
            if (stored)
                effect?.Stored(topic);
            else
                effect?.Lost(topic);
        }
    }

    // An event that came without an id gets one that follows from its content: coming again, it has the same.
    private static StageEvent Read(JsonElement envelope)
    {
        var id = envelope.ValueKind == JsonValueKind.Object && envelope.TryGetProperty("id", out var given)
            && given.ValueKind == JsonValueKind.String && given.GetString() is { Length: > 0 } text
            ? text
            : DerivedIds.Content(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(envelope));
        return new StageEvent(id, envelope);
    }

    private List<StageEvent> Fresh(List<StageEvent> events)
    {
        if (!guarantees.KeyOrder)
            events = [.. events.OrderBy(e => DerivedIds.Hash(e.Id))];
        if (!guarantees.Deduplication)
            return events;
        var inBatch = new HashSet<string>(StringComparer.Ordinal);
        return [.. events.Where(e => !seen.Contains(e.Id) && inBatch.Add(e.Id))];
    }

    /// <summary>Those that are done: handled, and all that came of them is published.</summary>
    private async Task<HashSet<StageEvent>> HandleAsync(List<StageEvent> fresh, CancellationToken cancel)
    {
        var made = new List<(StageEvent Event, IReadOnlyList<Outgoing> Out)>(fresh.Count);
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in fresh)
        {
            var key = KeyOf(one);
            // What is under the key of one that comes again waits for it.
            if (key is not null && waiting.Contains(key))
                continue;
            var outcome = await AskAsync(one, cancel);
            if (outcome.AgainBecause is { } reason)
            {
                log.LogWarning("event {Id} of {Topic} comes again: {Reason}", one.Id, topic, reason);
                if (key is not null)
                    waiting.Add(key);
                continue;
            }

            made.Add((one, outcome.DeadBecause is { } because
                ? [DeadLetter.Of(one, topic, settings, because)]
                : [.. outcome.Events.Select(e => e with { Key = key })]));
            if (outcome.DeadBecause is not null)
                counts.Handled(0, 0, dead: 1);
        }

        var failed = await outbox.PublishAsync(made.SelectMany(m => m.Out), cancel);
        foreach (var published in made.SelectMany(m => m.Out).Where(o => !failed.Contains(o)))
            counts.Published(published.Topic);
        return made.Where(m => !m.Out.Any(failed.Contains)).Select(m => m.Event)
            .ToHashSet<StageEvent>(ReferenceEqualityComparer.Instance);
    }

    private async ValueTask<Outcome> AskAsync(StageEvent one, CancellationToken cancel)
    {
        try
        {
            return one.Envelope.ValueKind == JsonValueKind.Object
                ? await function(one, cancel)
                : Outcome.Dead("It is no CloudEvent: a JSON object with id and data.");
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            if (error is not RoutingException)
                log.LogError(error, "event {Id} of {Topic} cannot be handled", one.Id, topic);
            return Outcome.Dead(error.Message);
        }
    }

    private string? KeyOf(StageEvent one)
    {
        try
        {
            return guarantees.KeyOrder ? settings.Key?.TextOf(one.Envelope) : null;
        }
        catch (RoutingException)
        {
            // Without a key it has no place in an order.
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
