using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Runtime.BuildingBlocks.Scheduling;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>What the application sets a timer or a reminder with.</summary>
/// <param name="DueTime">When first; empty means after the first period, or now.</param>
/// <param name="Period">How often; empty means once.</param>
/// <param name="Ttl">How long at most.</param>
/// <param name="Callback">A timer's method.</param>
/// <param name="Data">JSON, as it comes back; null for none.</param>
internal sealed record TimerRequest(string? DueTime, string? Period, string? Ttl, string? Callback, ReadOnlyMemory<byte>? Data);

/// <summary>A timer of one actor: in memory only, and over with the activation.</summary>
internal sealed class TimerAppointment(ActorId actor, string name, TimerRequest request) : Appointment(Prefix(actor) + name)
{
    private const string CancelHeader = "X-Daprremindercancel";
    private const string ErrorHeader = "X-Daprerrorresponseheader";

    public static string Prefix(ActorId actor) => $"{actor.Type}||{actor.Id}||";

    /// <summary>Throws <see cref="FormatException"/> with daprd's words.</summary>
    public static TimerAppointment Create(ActorId actor, string name, TimerRequest request, DateTimeOffset now)
    {
        var due = Read(request.DueTime, "due time", now);
        Period? period;
        try
        {
            period = string.IsNullOrEmpty(request.Period) ? null : TimeNotation.ParsePeriod(request.Period);
        }
        catch (FormatException error)
        {
            throw new FormatException($"invalid timer period: parse error: {error.Message}");
        }

        if (period?.Repeats == 0)
            throw new FormatException("invalid timer period: has zero repetitions");
        var first = due ?? now;
        var expires = Read(request.Ttl, "TTL", first);
        if (expires < now || expires < first)
            throw new FormatException($"timer {Prefix(actor)}{name} has already expired: dueTime: {first:O} TTL: {request.Ttl}");
        return new TimerAppointment(actor, name, request)
        {
            Due = first,
            Recurrence = period is { IsZero: false } some ? Recurrence.Every(some) : null,
            Repeats = period?.Repeats,
            Expires = expires,
            Failure = FailurePolicy.Drop,
        };
    }

    public async Task<Outcome> CallAsync(ActorRouter router, ILogger log, Action<AppDelivery>? delivered, CancellationToken cancel)
    {
        var body = Body(request.Data, request.Callback, request.DueTime, request.Period);
        var outcome = await CallAsync(router, actor, "timer/" + Uri.EscapeDataString(name), body, log, cancel);
        delivered?.Invoke(new AppDelivery(
            DeliveryKind.Timer, $"{actor.Type}/{actor.Id}", "", name, request.Data ?? default, outcome.ToResult()));
        return outcome;
    }

    /// <summary>One callback of an actor, timer or reminder alike.</summary>
    public static async Task<Outcome> CallAsync(
        ActorRouter router, ActorId actor, string path, byte[] body, ILogger log, CancellationToken cancel)
    {
        try
        {
            var answer = await router.CallAsync(actor, ActorRequest.Json(path, body), patient: true, cancel);
            if (answer.Header(CancelHeader) is "true" or "True" or "1")
                return Outcome.Cancel;
            if (answer.Status == System.Net.HttpStatusCode.OK && !answer.Has(ErrorHeader))
                return Outcome.Done;
            log.LogWarning(
                "{Actor} answered {Path} with {Status}: {Body}", actor, path, (int)answer.Status,
                Encoding.UTF8.GetString(answer.Body.Span));
            return Outcome.Failed;
        }
        catch (Exception error) when (error is NoHostException or ActorStalledException)
        {
            return Outcome.Undeliverable;
        }
        catch (ActorLostException error)
        {
            // It was sent, so it counts: a callback that kills its replica must not kill the others for ever.
            log.LogWarning("{Actor} did not answer {Path}: {Problem}", actor, path, error.Message);
            return Outcome.Failed;
        }
    }

    /// <summary>The body as daprd writes it: members in this order, data left out where there is none.</summary>
    public static byte[] Body(ReadOnlyMemory<byte>? data, string? callback, string? dueTime, string? period)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JsonTexts.Compact.Encoder }))
        {
            writer.WriteStartObject();
            if (data is { } value)
            {
                writer.WritePropertyName("data");
                writer.WriteRawValue(value.Span);
            }

            if (callback is not null)
                writer.WriteString("callback", callback);
            writer.WriteString("dueTime", dueTime ?? "");
            writer.WriteString("period", period ?? "");
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static DateTimeOffset? Read(string? text, string what, DateTimeOffset from)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : TimeNotation.ParseTime(text, from);
        }
        catch (FormatException error)
        {
            throw new FormatException($"error parsing timer {what}: {error.Message}");
        }
    }
}
