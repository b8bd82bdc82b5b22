using System.Text.Json;
using Dapr.Client;
using Microsoft.Extensions.Logging;

namespace Samples.FunctionHost;

/// <summary>
/// Gives an event to a function, in effect once: the try is noted first, and what was done is dropped when it comes again. Between the
/// effect and the note that it is done the process may die. The event comes again then, with the same id: whoever it had an effect on
/// tells the double by it.
/// </summary>
public sealed class EventHandling(
    Calls calls, EventBook book, DaprClient dapr, FunctionOptions options, Counts counts, Switches switches, string function,
    ILogger<EventHandling> log)
{
    /// <summary>True where the event is done with; false: it has to come again.</summary>
    public async Task<bool> HandleAsync(FunctionCall call, JsonElement envelope, CancellationToken cancel)
    {
        if (!switches.Marks)
            return await TryAsync(call with { Id = Guid.NewGuid().ToString("N") }, cancel) is null;
        var (mark, etag) = await book.ReadAsync(call.Id, cancel);
        if (mark.State != EventState.Open)
        {
            counts.Dropped();
            return true;
        }

        if (mark.Lost >= options.MaxLosses)
            return await ParkAsync(call.Id, mark, etag, envelope, "Its process died each time.", cancel);
        // Another replica has it where that fails.
        if (!await book.TryWriteAsync(call.Id, mark with { Begun = mark.Begun + 1 }, etag, cancel))
            return false;
        var problem = await TryAsync(call, cancel);
        return await NoteAsync(call.Id, problem, envelope);
    }

    // Null where it went well. A function that does not heed its limit goes on; its event is tried again all the same.
    private async Task<string?> TryAsync(FunctionCall call, CancellationToken cancel)
    {
        try
        {
            await calls.CallAsync(call, cancel);
            return null;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            log.LogWarning("event {Id} failed in {Function}: {Problem}", call.Id, function, error.Message);
            return error.Message;
        }
    }

    // What a try came to is written even where the sidecar no longer waits.
    private async Task<bool> NoteAsync(string id, string? problem, JsonElement envelope)
    {
        while (true)
        {
            var (mark, etag) = await book.ReadAsync(id, CancellationToken.None);
            if (mark.State != EventState.Open)
                return true;
            if (problem is null)
            {
                if (await book.TryWriteAsync(id, mark with { State = EventState.Done }, etag, CancellationToken.None))
                    return true;
                continue;
            }

            var failed = mark with { Failed = mark.Failed + 1 };
            if (failed.Failed >= options.MaxFailures)
                return await ParkAsync(id, failed, etag, envelope, problem, CancellationToken.None);
            if (await book.TryWriteAsync(id, failed, etag, CancellationToken.None))
                return false;
        }
    }

    // Parked first: dying in between leaves a second copy there, and never none.
    private async Task<bool> ParkAsync(
        string id, EventMark mark, string etag, JsonElement envelope, string problem, CancellationToken cancel)
    {
        await dapr.PublishEventAsync(
            options.PubSub, options.Parking, new ParkedEvent(function, id, problem, mark.Begun, envelope),
            new Dictionary<string, string> { ["cloudevent.id"] = $"{function}-{id}" }, cancel);
        counts.Parked();
        log.LogError("event {Id} is given up by {Function} after {Tries} tries: {Problem}", id, function, mark.Begun, problem);
        return await book.TryWriteAsync(id, mark with { State = EventState.Parked }, etag, cancel);
    }
}

/// <summary>An event that was given up.</summary>
/// <param name="Function">By whom.</param>
/// <param name="Id">Its id.</param>
/// <param name="Problem">Why.</param>
/// <param name="Tries">After how many tries.</param>
/// <param name="Event">All of it.</param>
public sealed record ParkedEvent(string Function, string Id, string Problem, int Tries, JsonElement Event);
