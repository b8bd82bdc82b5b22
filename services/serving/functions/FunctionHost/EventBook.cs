using Dapr.Client;

namespace Samples.FunctionHost;

/// <summary>The marks of one function's events in Dapr state, each changed by compare-and-swap on its ETag.</summary>
public sealed class EventBook(DaprClient dapr, FunctionOptions options, string function)
{
    private readonly Dictionary<string, string> _metadata = new() { ["ttlInSeconds"] = $"{options.Remember.TotalSeconds:0}" };

    /// <summary>The mark of an event, and what it replaces when it is written.</summary>
    public async Task<(EventMark Mark, string ETag)> ReadAsync(string id, CancellationToken cancel)
    {
        var (mark, etag) = await dapr.GetStateAndETagAsync<EventMark?>(options.Store, KeyOf(id), cancellationToken: cancel);
        return (mark ?? EventMark.New, etag ?? "");
    }

    /// <summary>Writes a mark; false where another replica has written meanwhile.</summary>
    public Task<bool> TryWriteAsync(string id, EventMark mark, string etag, CancellationToken cancel) =>
        dapr.TryWriteAsync(options.Store, KeyOf(id), mark, etag, _metadata, cancel);

    private string KeyOf(string id) => $"event-{function}-{id}";
}
