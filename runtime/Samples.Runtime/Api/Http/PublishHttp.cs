using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Http;

/// <summary>Publishing over HTTP: <c>/v1.0/publish/{pubsub}/{topic}</c> and its bulk form.</summary>
internal static class PublishHttp
{
    private static readonly string[] Verbs = ["POST", "PUT"];

    public static void Map(IEndpointRouteBuilder routes, PubSubBlock block, string appId)
    {
        routes.MapMethods("/v1.0/publish/{pubsub}/{**topic}", Verbs, async (string pubsub, string? topic, HttpContext http) =>
        {
            // daprd takes an address without a topic for an invocation that names no application.
            if (string.IsNullOrEmpty(topic))
            {
                throw new ApiException(404, "ERR_DIRECT_INVOKE", global::Grpc.Core.StatusCode.NotFound,
                    "failed getting app id either from the URL path or the header dapr-app-id");
            }

            var metadata = QueryMetadata.Of(http);
            block.Check(pubsub, topic, metadata);
            var publication = new Publication(await ReadAsync(http), http.Request.ContentType, metadata);
            await block.PublishAsync(pubsub, topic, publication, Trace(http), http.RequestAborted);
            return Results.NoContent();
        });
        foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
        {
            routes.MapMethods(
                $"/{version}/publish/bulk/{{pubsub}}/{{**topic}}", Verbs, async (string pubsub, string? topic, HttpContext http) =>
            {
                var metadata = QueryMetadata.Of(http);
                block.Check(pubsub, topic ?? "", metadata);
                var entries = Parse(await ReadAsync(http), pubsub, topic!, appId).Select(
                    e => (e ?? Entry.Empty).ToPublication(pubsub, topic!, appId, metadata)).ToList();
                await block.PublishManyAsync(pubsub, topic!, entries, metadata, Trace(http), http.RequestAborted);
                return Results.NoContent();
            });
        }
    }

    internal static EventTrace Trace(HttpContext http) =>
        EventTrace.From(http.Request.Headers.TraceParent, http.Request.Headers.TraceState);

    private static async Task<byte[]> ReadAsync(HttpContext http)
    {
        if (http.Request.ContentLength is { } length and <= 1 << 20)
        {
            var exact = new byte[length];
            await http.Request.Body.ReadExactlyAsync(exact, http.RequestAborted);
            return exact;
        }

        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
        return buffer.ToArray();
    }

    private static Entry?[] Parse(byte[] body, string pubSub, string topic, string appId)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry?[]>(body, JsonTexts.Compact) ?? [];
        }
        catch (JsonException error)
        {
            throw PubSubErrors.Entries(
                pubSub, topic, appId, IsCutOff(body) ? "unexpected EOF" : $"not the expected JSON at {error.Path ?? "$"}");
        }
    }

    private static bool IsCutOff(byte[] body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: false, default);
            while (reader.Read())
            {
                // To the end.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed record Entry(string? EntryId, JsonElement Event, string? ContentType, Dictionary<string, string>? Metadata)
    {
        public static readonly Entry Empty = new(null, default, null, null);

        private const string Mismatch = "error: mismatch between contentType and event";

        public Publication ToPublication(string pubSub, string topic, string appId, Dictionary<string, string> request)
        {
            var metadata = new Dictionary<string, string>(request);
            foreach (var (key, value) in Metadata ?? [])
                metadata[key] = value;
            return new Publication(
                Bytes(ContentType ?? "", out var problem) ?? throw PubSubErrors.Entry(pubSub, topic, appId, problem), ContentType,
                metadata, EntryId);
        }

        private byte[]? Bytes(string type, out string problem)
        {
            problem = Mismatch;
            var isText = Event.ValueKind == JsonValueKind.String;
            if (ContentTypes.IsBinary(type) && isText)
            {
                problem = "error: unable to decode base64 application/octect-stream data";
                return Event.TryGetBytesFromBase64(out var bytes) ? bytes : null;
            }

            if (ContentTypes.IsText(type) && isText)
                return Encoding.UTF8.GetBytes(Event.GetString()!);
            return ContentTypes.IsJson(type) || ContentTypes.IsCloudEvent(type)
                ? Encoding.UTF8.GetBytes(Event.ValueKind == JsonValueKind.Undefined ? "null" : Event.GetRawText())
                : null;
        }
    }
}
