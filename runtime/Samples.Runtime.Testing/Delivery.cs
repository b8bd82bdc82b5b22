using System.Text;
using System.Text.Json;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Testing;

/// <summary>Something that a sidecar brought to its application, and what became of it.</summary>
public sealed class Delivery
{
    private readonly JsonElement? _envelope;

    internal Delivery(AppDelivery delivery)
    {
        (Kind, AppId, Name, Result) = (delivery.Kind, delivery.AppId, delivery.Name, delivery.Result);
        Body = delivery.Data;
        _envelope = Kind == DeliveryKind.Event ? Json.TryParseObject(delivery.Data) : null;
    }

    /// <summary>Event, binding, job, reminder or timer.</summary>
    public DeliveryKind Kind { get; }

    /// <summary>The application; for an actor's reminder or timer its type and id, as <c>Account/7</c>.</summary>
    public string AppId { get; }

    /// <summary>The topic, binding, job, reminder or timer.</summary>
    public string Name { get; }

    /// <summary>What became of it.</summary>
    public DeliveryResult Result { get; }

    /// <summary>As it came: of an event the whole CloudEvent.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The id of a CloudEvent; empty for what is none.</summary>
    public string Id => _envelope is { } envelope ? Json.Text(envelope, "id") : "";

    /// <summary>What was sent, read from JSON with the defaults of the web: of an event its <c>data</c>.</summary>
    public T? Data<T>() => _envelope is { } envelope && envelope.TryGetProperty("data", out var data)
        ? data.Deserialize<T>(Json.Web)
        : Json.Read<T>(Body);

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} '{Name}' to '{AppId}': {Result} {Encoding.UTF8.GetString(Body.Span)}";
}
