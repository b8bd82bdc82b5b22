using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.Api.Http;

/// <summary>Events for an HTTP application: a POST to the route, with the publisher's metadata as headers.</summary>
internal sealed class HttpEventReceiver(IAppChannel app, ILogger log) : IEventReceiver
{
    public async Task<EventReply> DeliverAsync(TopicEvent topicEvent, CancellationToken cancel)
    {
        using var request = Request(topicEvent.Path, topicEvent.Data, CloudEvents.ContentType, topicEvent.PubSub);
        foreach (var (name, value) in PublisherMetadata.Passed(topicEvent.Metadata))
            request.Headers.TryAddWithoutValidation(name, value);

        Add(request, EventTrace.Of(topicEvent.Envelope));
        var (status, body) = await SendAsync(request, topicEvent.Topic, cancel);
        return status switch
        {
            null => Verdict.NotReached,
            >= 200 and <= 299 => ToVerdict(Status(body)),
            404 => Refused(Verdict.Drop),
            _ => Refused(Verdict.Retry),
        };

        EventReply Refused(Verdict verdict)
        {
            log.LogWarning(
                "the application answered {Status} to an event of topic {Topic} at {Path}", status, topicEvent.Topic, topicEvent.Path);
            return new EventReply(verdict, new FailedAnswerException(status!.Value));
        }
    }

    public async Task<BatchReply> DeliverBatchAsync(
        string pubSub, string topic, string path, IReadOnlyList<BatchEntry> entries, CancellationToken cancel)
    {
        using var request = Request(path, Envelope(pubSub, topic, entries), "application/json", pubSub);
        // One request has one trace: that of the last event, as with daprd.
        Add(request, entries[^1].Trace);
        var (status, body) = await SendAsync(request, topic, cancel);
        if (status is >= 200 and <= 299)
            return new BatchReply(Verdicts(body, entries));
        // A 404 drops the whole batch without dead letters: so does daprd.
        var all = status is null ? Verdict.NotReached : status == 404 ? Verdict.Success : Verdict.Retry;
        log.LogWarning("the application answered {Status} to a batch of topic {Topic} at {Path}", status, topic, path);
        return new BatchReply([.. entries.Select(_ => all)], status is { } answered ? new FailedAnswerException(answered) : null);
    }

    private static HttpRequestMessage Request(string path, ReadOnlyMemory<byte> body, string contentType, string pubSub)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/" + path.TrimStart('/')) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        request.Headers.TryAddWithoutValidation("pubsubname", pubSub);
        return request;
    }

    private static void Add(HttpRequestMessage request, EventTrace trace)
    {
        if (!string.IsNullOrEmpty(trace.Parent))
            request.Headers.TryAddWithoutValidation("traceparent", trace.Parent);
        if (!string.IsNullOrEmpty(trace.State) && trace.State.All(c => c is >= ' ' and < '\x7f'))
            request.Headers.TryAddWithoutValidation("tracestate", trace.State);
    }

    private async Task<(int? Status, byte[] Body)> SendAsync(HttpRequestMessage request, string topic, CancellationToken cancel)
    {
        try
        {
            using var response = await app.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            return ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancel));
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return (null, []);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            // It may have had the event: that counts as a failure of the handler, as with daprd.
            log.LogWarning(
                "the application broke the connection while it handled an event of topic {Topic}: {Problem}", topic, error.Message);
            return ((int)HttpStatusCode.BadGateway, []);
        }
    }

    // Anything but a JSON object with a text 'status' is no opinion, and so success.
    private static string Status(byte[] body)
    {
        if (body.AsSpan().TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
            return "";
        try
        {
            using var json = JsonDocument.Parse(body);
            return Text(json.RootElement, "status") ?? "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static Verdict ToVerdict(string status) => status switch
    {
        "" or "SUCCESS" => Verdict.Success,
        "DROP" => Verdict.Drop,
        _ => Verdict.Retry,
    };

    // In a batch silence is no consent: an entry without a status is delivered again.
    private static Verdict[] Verdicts(byte[] body, IReadOnlyList<BatchEntry> entries)
    {
        var statuses = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement is { ValueKind: JsonValueKind.Object } root
                && Member(root, "statuses") is { ValueKind: JsonValueKind.Array } list)
            {
                foreach (var entry in list.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object))
                    statuses[Text(entry, "entryId") ?? ""] = Text(entry, "status") ?? "";
            }
        }
        catch (JsonException)
        {
            // No statuses at all.
        }

        return [
            .. entries.Select(
                e => statuses.TryGetValue(e.EntryId, out var status) && status.Length > 0 ? ToVerdict(status) : Verdict.Retry)
        ];
    }

    private static string? Text(JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement? Member(JsonElement json, string name)
    {
        foreach (var member in json.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return member.Value;
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Envelope(string pubSub, string topic, IReadOnlyList<BatchEntry> entries)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("entries");
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("entryId", entry.EntryId);
            json.WritePropertyName("event");
            json.WriteRawValue(entry.Event.Span, skipInputValidation: true);
            json.WritePropertyName("metadata");
            if (entry.Metadata.Count > 0)
                JsonSerializer.Serialize(json, entry.Metadata);
            else
                json.WriteNullValue();
            json.WriteString("contentType", entry.ContentType);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("id", Guid.NewGuid().ToString());
        json.WriteStartObject("metadata");
        json.WriteString("pubsubName", pubSub);
        json.WriteEndObject();
        json.WriteString("pubsubname", pubSub);
        json.WriteString("topic", topic);
        json.WriteString("type", "com.dapr.event.sent.bulk");
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
