using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Samples.Stages;

/// <summary>
/// What can never be handled, with the reason and the event as it was. The stage publishes it itself: Dapr's own dead letter topics know no
/// reason, and take events that a stage could not handle because it was being killed.
/// </summary>
public static class DeadLetter
{
    /// <summary>The CloudEvent type of dead letters.</summary>
    public const string Type = "dead-letter";

    /// <summary>The dead letter of an event.</summary>
    public static Outgoing Of(StageEvent dead, string topic, StageSettings settings, string because) => Of(
        DerivedIds.DeadLetter(settings.Name, dead.Id), dead.Subject, settings, new JsonObject
        {
            ["reason"] = because,
            ["stage"] = settings.Name,
            ["topic"] = topic,
            ["event"] = JsonNode.Parse(JsonMarshal.GetRawUtf8Value(dead.Envelope)),
        });

    /// <summary>The dead letter of something that never became an event.</summary>
    public static Outgoing Of(string id, string subject, StageSettings settings, JsonObject data) => new(
        settings.DeadLetters,
        JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = id,
            ["source"] = settings.Name,
            ["type"] = Type,
            ["subject"] = subject.Length > 0 ? subject : null,
            ["datacontenttype"] = "application/json",
            ["data"] = data,
        }));
}
