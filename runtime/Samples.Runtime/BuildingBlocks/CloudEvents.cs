using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>What an envelope is made of. <see cref="Expiration"/> is null for an event that does not expire.</summary>
internal sealed record EnvelopeContext(
    string Source, string PubSub, string Topic, EventTrace Trace, DateTimeOffset Now, DateTimeOffset? Expiration);

/// <summary>
/// CloudEvents 1.0 in JSON, as daprd writes them: members in the order of their names, the extensions <c>topic</c>, <c>pubsubname</c>,
/// <c>traceid</c>, <c>traceparent</c>, <c>tracestate</c>, <c>expiration</c>.
/// </summary>
/// <seealso href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md"/>
internal static class CloudEvents
{
    public const string ContentType = "application/cloudevents+json";

    private const string DefaultType = "com.dapr.event.sent";
    private const string DefaultSource = "Dapr";

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The envelope of a payload. Metadata <c>cloudevent.id</c>, <c>.source</c>, <c>.type</c>, <c>.subject</c>, <c>.traceid</c>,
    /// <c>.traceparent</c> and <c>.tracestate</c> override what it would get.
    /// </summary>
    public static byte[] Wrap(
        ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, EnvelopeContext context)
    {
        var type = string.IsNullOrEmpty(contentType) ? "text/plain" : contentType;
        var traceId = Override(metadata, "traceparent") ?? Override(metadata, "traceid") ?? context.Trace.Parent;
        return Write(json =>
        {
            WriteData(json, data, type);
            json.WriteString("datacontenttype", type);
            if (context.Expiration is { } end)
                json.WriteString("expiration", Rfc3339(end));
            json.WriteString("id", Override(metadata, "id") ?? Guid.NewGuid().ToString());
            json.WriteString("pubsubname", context.PubSub);
            json.WriteString("source", Override(metadata, "source") ?? context.Source);
            json.WriteString("specversion", "1.0");
            if (Override(metadata, "subject") is { } subject)
                json.WriteString("subject", subject);
            json.WriteString("time", Rfc3339(context.Now));
            json.WriteString("topic", context.Topic);
            json.WriteString("traceid", traceId);
            json.WriteString("traceparent", traceId);
            json.WriteString("tracestate", Override(metadata, "tracestate") ?? context.Trace.State);
            json.WriteString("type", Override(metadata, "type") ?? DefaultType);
        });
    }

    /// <summary>The envelope of a payload with more members, or other values of those that it has.</summary>
    public static byte[] Wrap(
        ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, EnvelopeContext context,
        IEnumerable<KeyValuePair<string, string>> members)
    {
        using var document = JsonDocument.Parse(Wrap(data, contentType, metadata, context));
        var all = Members(document.RootElement);
        foreach (var (name, value) in members)
            all[name] = value;
        return Write(all);
    }

    /// <summary>
    /// The publisher's own event with what Dapr adds. Like daprd, it gives a missing source, type and time, but no id. Throws
    /// <see cref="JsonException"/> for what is no JSON object.
    /// </summary>
    public static byte[] Complete(ReadOnlyMemory<byte> data, EnvelopeContext context)
    {
        using var document = JsonDocument.Parse(data);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException("a CloudEvent is a JSON object");
        var members = Members(document.RootElement);
        members.TryAdd("time", Rfc3339(context.Now));
        if (members.TryAdd("traceid", context.Trace.Parent))
            members["traceparent"] = context.Trace.Parent;
        members.TryAdd("tracestate", context.Trace.State);
        (members["topic"], members["pubsubname"]) = (context.Topic, context.PubSub);
        Default("source", DefaultSource);
        Default("type", DefaultType);
        Default("specversion", "1.0");
        if (context.Expiration is { } end)
            members["expiration"] = Rfc3339(end);
        return Write(members);

        void Default(string name, string value)
        {
            if (members.GetValueOrDefault(name) is null or JsonElement { ValueKind: JsonValueKind.Null })
                members[name] = value;
        }
    }

    /// <summary>
    /// The envelope that a subscriber of raw payloads gets: its id is new with each delivery, and the data is always base64, because
    /// nobody said what it is.
    /// </summary>
    public static byte[] FromRaw(
        ReadOnlyMemory<byte> data, string topic, string pubSub, IReadOnlyDictionary<string, string> metadata) => Write(json =>
    {
        json.WriteBase64String("data_base64", data.Span);
        json.WriteString("datacontenttype", "application/octet-stream");
        json.WriteString("id", Guid.NewGuid().ToString());
        json.WriteString("pubsubname", pubSub);
        json.WriteString("source", DefaultSource);
        json.WriteString("specversion", "1.0");
        json.WriteString("topic", topic);
        foreach (var name in (string[])["traceid", "traceparent", "tracestate"])
        {
            if (metadata.TryGetValue(name, out var value))
                json.WriteString(name, value);
        }

        json.WriteString("type", DefaultType);
    });

    /// <summary>True where the event says that it is no longer wanted.</summary>
    public static bool HasExpired(JsonElement @event, DateTimeOffset now) =>
        @event.TryGetProperty("expiration", out var text) && text.ValueKind == JsonValueKind.String
        && DateTimeOffset.TryParse(text.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end)
            && end < now;

    private static void WriteData(Utf8JsonWriter json, ReadOnlyMemory<byte> data, string contentType)
    {
        if (ContentTypes.IsBinary(contentType))
        {
            json.WriteBase64String("data_base64", data.Span);
            return;
        }

        json.WritePropertyName("data");
        if (ContentTypes.IsJson(contentType) && TryWriteJson(json, data))
            return;
        // What claims to be JSON and is not travels as text, as with daprd.
        json.WriteStringValue(Encoding.UTF8.GetString(data.Span));
    }

    private static bool TryWriteJson(Utf8JsonWriter json, ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty)
            return false;
        try
        {
            // As it came: numbers keep every digit.
            json.WriteRawValue(data.Span);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? Override(IReadOnlyDictionary<string, string> metadata, string name)
    {
        foreach (var (key, value) in metadata)
        {
            if (value.Length > 0 && key.StartsWith("cloudevent.", StringComparison.OrdinalIgnoreCase)
                && key.AsSpan("cloudevent.".Length).Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        return null;
    }

    private static SortedDictionary<string, object> Members(JsonElement envelope)
    {
        var members = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var member in envelope.EnumerateObject())
            members[member.Name] = member.Value;
        return members;
    }

    private static byte[] Write(SortedDictionary<string, object> members) => Write(json =>
    {
        foreach (var (name, value) in members)
        {
            json.WritePropertyName(name);
            if (value is JsonElement element)
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(element), skipInputValidation: true);
            else
                json.WriteStringValue((string)value);
        }
    });

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Rfc3339(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
