using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Samples.Stages;

/// <summary>An event as it came in: a CloudEvent 1.0 in JSON. It lives as long as the batch that it came with.</summary>
/// <param name="id">Its id, derived from what it was made of.</param>
/// <param name="envelope">All of it.</param>
public sealed class StageEvent(string id, JsonElement envelope)
{
    private static readonly JsonWriterOptions Compact =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Its id.</summary>
    public string Id => id;

    /// <summary>The whole CloudEvent: what expressions see as <c>event</c>.</summary>
    public JsonElement Envelope => envelope;

    /// <summary>What it is about: the run that it belongs to; empty where it says nothing.</summary>
    public string Subject => envelope.TryGetProperty("subject", out var subject) && subject.ValueKind == JsonValueKind.String
        ? subject.GetString()!
        : "";

    /// <summary>The payload; undefined where there is none.</summary>
    public JsonElement Data => envelope.TryGetProperty("data", out var data) ? data : default;

    /// <summary>The event as it is, onto another topic: it is the same event there and keeps its id.</summary>
    public Outgoing To(string topic) => new(topic, JsonMarshal.GetRawUtf8Value(envelope).ToArray());

    /// <summary>One of several events that are made of this one; each has an id of its own.</summary>
    /// <param name="topic">Where it goes.</param>
    /// <param name="number">Which of them it is, from 1.</param>
    public Outgoing Copy(string topic, int number) => new(topic, Write(DerivedIds.Part(id, number), data: null));

    /// <summary>The event with another payload.</summary>
    public Outgoing With(string topic, JsonElement data) => new(topic, Write(id, data));

    private byte[] Write(string newId, JsonElement? data)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, Compact);
        json.WriteStartObject();
        json.WriteString("id", newId);
        foreach (var member in envelope.EnumerateObject())
        {
            if (member.NameEquals("id") || (data is not null && (member.NameEquals("data") || member.NameEquals("data_base64"))))
                continue;
            member.WriteTo(json);
        }

        if (data is { } payload)
        {
            json.WritePropertyName("data");
            payload.WriteTo(json);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>An event that goes out.</summary>
/// <param name="Topic">Where to.</param>
/// <param name="Envelope">The CloudEvent as JSON.</param>
public sealed record Outgoing(string Topic, byte[] Envelope)
{
    /// <summary>What keeps its order: events of one key stay in it. Null: nothing does.</summary>
    public string? Key { get; init; }
}
