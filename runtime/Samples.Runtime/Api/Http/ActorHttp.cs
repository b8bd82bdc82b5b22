using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Http;

/// <summary>Actors over HTTP: <c>/v1.0/actors/{type}/{id}/...</c>.</summary>
internal static class ActorHttp
{
    private const string Root = "/v1.0/actors/{type}/{id}/";

    // What belongs to the connection, opens the sidecar, or is the sidecar's own to say.
    internal static readonly HashSet<string> Withheld = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection", "expect",
        "content-length", "dapr-api-token",
        "dapr-caller-app-id", "dapr-caller-namespace", "dapr-app-id", "dapr-api-call", "date", "server",
    };

    public static void Map(IEndpointRouteBuilder routes, ActorBlock block, ActorStates states)
    {
        routes.MapMethods(
            Root + "method/{**method}", ["GET", "POST", "PUT", "DELETE"],
            async (string type, string id, string? method, HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            var headers = http.Request.Headers.Where(h => !Withheld.Contains(h.Key)).Select(
                h => KeyValuePair.Create(h.Key, h.Value.ToString()));
            var path = ActorPaths.Method(method ?? "") + http.Request.QueryString;
            var request = new ActorRequest(path, body.ToArray(), [.. headers]);
            await WriteAsync(http, await block.InvokeAsync(new(type, id), request, http.RequestAborted));
        });
        MapState(routes, states);
        MapTimers(routes, block);
        MapReminders(routes, block);
    }

    private static async Task WriteAsync(HttpContext http, ActorResponse answer)
    {
        foreach (var (key, value) in answer.Headers.Where(h => !Withheld.Contains(h.Key)))
            http.Response.Headers.Append(key, value);
        http.Response.ContentLength = answer.Body.Length;
        await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }

    private static void MapState(IEndpointRouteBuilder routes, ActorStates states)
    {
        routes.MapGet(Root + "state/{key}", async (string type, string id, string key, HttpContext http) =>
        {
            if (await states.GetAsync(new(type, id), key, http.RequestAborted) is not { Data.IsEmpty: false } item)
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            http.Response.ContentType = "application/json";
            if (item.Expires is { } end)
                http.Response.Headers["metadata.ttlexpiretime"] = StateHttp.Rfc3339(end);
            http.Response.ContentLength = item.Data.Length;
            await http.Response.Body.WriteAsync(item.Data, http.RequestAborted);
        });
        routes.MapMethods(Root + "state", ["POST", "PUT"], async (string type, string id, HttpContext http) =>
        {
            var operations = await ReadAsync<Operation?[]>(http);
            await states.WriteAsync(
                new(type, id),
                [
                    .. operations.Select(
                        o => o?.ToWrite() ?? throw ApiException.Malformed("failed deserializing HTTP body: an operation is null"))
                ],
                http.RequestAborted);
            return Results.NoContent();
        });
    }

    private static void MapTimers(IEndpointRouteBuilder routes, ActorBlock block)
    {
        routes.MapMethods(Root + "timers/{name}", ["POST", "PUT"], async (string type, string id, string name, HttpContext http) =>
        {
            await block.SetTimerAsync(new(type, id), name, (await ReadAsync<Setting>(http)).ToRequest(), http.RequestAborted);
            return Results.NoContent();
        });
        routes.MapDelete(Root + "timers/{name}", async (string type, string id, string name, HttpContext http) =>
        {
            await block.RemoveTimerAsync(new(type, id), name, http.RequestAborted);
            return Results.NoContent();
        });
    }

    private static void MapReminders(IEndpointRouteBuilder routes, ActorBlock block)
    {
        routes.MapMethods(Root + "reminders/{name}", ["POST", "PUT"], async (string type, string id, string name, HttpContext http) =>
        {
            var setting = await ReadAsync<Setting>(http);
            await block.SetReminderAsync(
                new(type, id), name, setting.ToRequest(), setting.Overwrite ?? true, setting.ToPolicy(), http.RequestAborted);
            return Results.NoContent();
        });
        routes.MapDelete(Root + "reminders/{name}", async (string type, string id, string name, HttpContext http) =>
        {
            await block.RemoveRemindersAsync(type, [new JobTarget(type, id, name).Key], http.RequestAborted);
            return Results.NoContent();
        });
        routes.MapGet(Root + "reminders/{name}", (string type, string id, string name) =>
        {
            var job = block.GetReminder(new(type, id), name);
            JsonElement? data = job.Data is { } any
                ? JsonSerializer.Deserialize<JsonElement>(any.Unpack<Google.Protobuf.WellKnownTypes.BytesValue>().Value.Span)
                : null;
            return JsonAnswer.Of(new Reminder(id, type, data, Text(job.DueTime), Text(job.Schedule), Text(job.Ttl)));
        });
    }

    private static string? Text(string text) => text.Length > 0 ? text : null;

    private static Task<T> ReadAsync<T>(HttpContext http) where T : class =>
        JsonBody.ReadAsync<T>(http, "failed deserializing HTTP body: ");

    private sealed record Reminder(string ActorID, string ActorType, JsonElement? Data, string? DueTime, string? Period, string? Ttl);

    private sealed record Setting(
        string? DueTime, string? Period, string? Ttl, string? Callback, JsonElement Data, bool? Overwrite, JsonElement Failure_policy)
    {
        public TimerRequest ToRequest() => new(DueTime, Period, Ttl, Callback ?? "", Json());

        // An absent member is undefined; a null that the application wrote comes back as null.
        private ReadOnlyMemory<byte>? Json()
        {
            if (Data.ValueKind == JsonValueKind.Undefined)
                return null;
            return JsonSerializer.SerializeToUtf8Bytes(Data, JsonTexts.Compact);
        }

        public JobFailurePolicy? ToPolicy()
        {
            if (Failure_policy.ValueKind != JsonValueKind.Object)
                return null;
            try
            {
                return JsonParser.Default.Parse<JobFailurePolicy>(Failure_policy.GetRawText());
            }
            catch (Exception error) when (error is InvalidProtocolBufferException or InvalidJsonException)
            {
                throw ApiException.Malformed($"failed deserializing HTTP body: {error.Message}");
            }
        }
    }

    private sealed record Request(string? Key, JsonElement Value, string? Etag, Dictionary<string, string>? Metadata);

    private sealed record Operation(string? Type, Request? Request)
    {
        [System.Text.Json.Serialization.JsonPropertyName("operation")]
        public string? Type { get; } = Type;

        public ActorWrite ToWrite() => new(Type, Request?.Key,
            Request is { Value.ValueKind: not JsonValueKind.Undefined }
                ? JsonSerializer.SerializeToUtf8Bytes(Request.Value, JsonTexts.Compact)
                : "null"u8.ToArray(),
            Request?.Etag, Request?.Metadata ?? []);
    }
}

/// <summary>Method names as paths: escaped part by part, with nothing that leads out of the actor.</summary>
internal static class ActorPaths
{
    /// <summary>Throws <see cref="ApiException"/> for a name that no actor can have.</summary>
    public static string Method(string method)
    {
        if (method.AsSpan().ContainsAny("#?\0") || method.Any(char.IsControl))
            throw new ApiException(
                400, "ERR_BAD_REQUEST", global::Grpc.Core.StatusCode.InvalidArgument,
                $"invalid request: method contains forbidden character: \"{method}\"");
        var parts = new List<string>();
        foreach (var part in method.Split('/').Where(p => p is not ("" or ".")))
        {
            if (part != "..")
                parts.Add(Uri.EscapeDataString(part));
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }

        return string.Join('/', parts);
    }
}
