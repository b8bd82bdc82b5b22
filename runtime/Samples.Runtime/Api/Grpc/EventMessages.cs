using System.Text;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Events as gRPC messages, for streams and for applications that speak gRPC.</summary>
internal static class EventMessages
{
    private static readonly HashSet<string> OwnFields =
        new(StringComparer.Ordinal) { "id", "source", "datacontenttype", "type", "specversion", "data", "data_base64" };

    /// <summary>The event; what has no field of its own is among the extensions.</summary>
    public static TopicEventRequest ToMessage(TopicEvent topicEvent)
    {
        var envelope = topicEvent.Envelope;
        return new TopicEventRequest
        {
            Id = Text(envelope, "id"),
            Source = Text(envelope, "source"),
            Type = Text(envelope, "type"),
            SpecVersion = Text(envelope, "specversion"),
            DataContentType = Text(envelope, "datacontenttype"),
            Topic = topicEvent.Topic,
            PubsubName = topicEvent.PubSub,
            Path = topicEvent.Path,
            Data = Data(envelope),
            Extensions = Extensions(envelope),
        };
    }

    /// <summary>An entry of a batch: the event, or the bytes of a raw payload.</summary>
    public static TopicEventBulkRequestEntry ToMessage(BatchEntry entry)
    {
        var message = new TopicEventBulkRequestEntry { EntryId = entry.EntryId, ContentType = entry.ContentType };
        message.Metadata.Add(entry.Metadata.ToDictionary());
        using var json = JsonDocument.Parse(entry.Event);
        if (ContentTypes.IsCloudEvent(entry.ContentType))
            message.CloudEvent = ToMessage(json.RootElement);
        else
            message.Bytes = UnsafeByteOperations.UnsafeWrap(json.RootElement.GetBytesFromBase64());
        return message;
    }

    private static TopicEventCERequest ToMessage(JsonElement envelope) => new()
    {
        Id = Text(envelope, "id"),
        Source = Text(envelope, "source"),
        Type = Text(envelope, "type"),
        SpecVersion = Text(envelope, "specversion"),
        DataContentType = Text(envelope, "datacontenttype"),
        Data = Data(envelope),
        Extensions = Extensions(envelope),
    };

    private static Struct Extensions(JsonElement envelope)
    {
        var extensions = new Struct();
        foreach (var member in envelope.EnumerateObject().Where(m => !OwnFields.Contains(m.Name)))
            extensions.Fields[member.Name] = ToValue(member.Value);
        return extensions;
    }

    private static Value ToValue(JsonElement member)
    {
        try
        {
            return Value.Parser.ParseJson(member.GetRawText());
        }
        catch (InvalidJsonException)
        {
            // A number that protobuf cannot hold must not keep the event from being delivered.
            return Value.ForString(member.GetRawText());
        }
    }

    private static ByteString Data(JsonElement envelope)
    {
        if (envelope.TryGetProperty("data_base64", out var base64) && base64.ValueKind == JsonValueKind.String)
            return base64.TryGetBytesFromBase64(out var bytes) ? UnsafeByteOperations.UnsafeWrap(bytes) : ByteString.Empty;
        if (!envelope.TryGetProperty("data", out var data) || data.ValueKind == JsonValueKind.Null)
            return ByteString.Empty;
        // A text is itself where the type says text; anything else is JSON.
        return data.ValueKind == JsonValueKind.String && ContentTypes.IsText(Text(envelope, "datacontenttype"))
            ? ByteString.CopyFromUtf8(data.GetString()!)
            : ByteString.CopyFrom(data.GetRawText(), Encoding.UTF8);
    }

    private static string Text(JsonElement envelope, string name) =>
        envelope.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
