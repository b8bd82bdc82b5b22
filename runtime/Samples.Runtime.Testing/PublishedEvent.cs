using System.Text;
using System.Text.Json;
using Samples.Runtime.Components;

namespace Samples.Runtime.Testing;

/// <summary>An event that an application published, whether or not anybody is subscribed to it.</summary>
public sealed class PublishedEvent
{
    private readonly JsonElement? _envelope;

    internal PublishedEvent(string appId, BrokerMessage message)
    {
        (AppId, Topic, Body, Metadata) = (appId, message.Topic, message.Data, message.Metadata);
        _envelope = Json.TryParseObject(message.Data);
    }

    /// <summary>Who published it.</summary>
    public string AppId { get; }

    /// <summary>Where.</summary>
    public string Topic { get; }

    /// <summary>The whole CloudEvent; the payload alone where it was published raw.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The publisher's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The payload, read from JSON with the defaults of the web.</summary>
    public T? Data<T>() => _envelope is { } envelope
        && envelope.TryGetProperty("specversion", out _) && envelope.TryGetProperty("data", out var data)
        ? data.Deserialize<T>(Json.Web)
        : Json.Read<T>(Body);

    /// <inheritdoc/>
    public override string ToString() => $"'{Topic}' by '{AppId}': {Encoding.UTF8.GetString(Body.Span)}";
}
