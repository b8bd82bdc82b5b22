using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Http;

/// <summary>State over HTTP: <c>/v1.0/state/{store}</c>.</summary>
internal static class StateHttp
{
    public static void Map(IEndpointRouteBuilder routes, StateBlock block)
    {
        routes.MapGet("/v1.0/state/{store}/{key}", async (string store, string key, HttpContext http) =>
            await WriteItemAsync(http, await block.GetAsync(store, key, http.RequestAborted)));
        routes.MapMethods("/v1.0/state/{store}", ["POST", "PUT"], async (string store, HttpContext http) =>
        {
            var items = await JsonBody.ReadAsync<SaveRequest[]>(http, "");
            var shared = QueryMetadata.Of(http);
            var writes = items.Select(i => (i with { Metadata = shared.Over(i.Metadata) }).ToSet(store));
            await block.SaveAsync(store, [.. writes], http.RequestAborted);
            return Results.NoContent();
        });
        routes.MapDelete("/v1.0/state/{store}/{key}", async (string store, string key, HttpContext http) =>
        {
            var etag = http.Request.Headers.IfMatch.ToString() is { Length: > 0 } text ? text : null;
            var delete = new StateWrite.Delete(key, etag, SaveRequest.ToConcurrency(http.Request.Query["concurrency"], store));
            await block.DeleteAsync(store, delete, http.RequestAborted);
            return Results.NoContent();
        });
        routes.MapMethods("/v1.0/state/{store}/bulk", ["POST", "PUT"], async (string store, HttpContext http) =>
        {
            var keys = (await JsonBody.ReadAsync<BulkRequest>(http, "")).Keys;
            var items = await block.GetManyAsync(store, keys, http.RequestAborted);
            return JsonAnswer.Of(keys.Zip(items, (key, item) => new BulkItem(key, Json(item), item?.ETag, Expiry(item))));
        });
        routes.MapMethods("/v1.0/state/{store}/transaction", ["POST", "PUT"], async (string store, HttpContext http) =>
        {
            var request = await JsonBody.ReadAsync<TransactionRequest>(http, "");
            var shared = QueryMetadata.Of(http).Over(request.Metadata);
            var writes = request.Operations.Select(o => o.ToTransaction(store, shared));
            await block.TransactAsync(store, [.. writes], PublishHttp.Trace(http), http.RequestAborted);
            return Results.NoContent();
        });
    }

    private static async Task WriteItemAsync(HttpContext http, StateItem? item)
    {
        if (item is null)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        http.Response.ContentType = "application/json";
        http.Response.Headers.ETag = item.ETag;
        if (item.Expires is { } end)
            http.Response.Headers["metadata.ttlexpiretime"] = Rfc3339(end);
        http.Response.ContentLength = item.Data.Length;
        await http.Response.Body.WriteAsync(item.Data, http.RequestAborted);
    }

    private static JsonElement? Json(StateItem? item)
    {
        if (item is null)
            return null;
        try
        {
            return JsonDocument.Parse(item.Data).RootElement;
        }
        catch (JsonException)
        {
            // Saved as bytes over gRPC: base64 is how JSON carries them.
            return JsonSerializer.SerializeToElement(item.Data.ToArray());
        }
    }

    private static Dictionary<string, string>? Expiry(StateItem? item) =>
        item?.Expires is { } end ? new Dictionary<string, string> { ["ttlExpireTime"] = Rfc3339(end) } : null;

    internal static string Rfc3339(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private sealed record BulkRequest(string[] Keys)
    {
        public string[] Keys { get; } = (string[])JsonBody.WithoutNulls(Keys ?? [], "");
    }

    private sealed record BulkItem(string Key, JsonElement? Data, string? Etag, Dictionary<string, string>? Metadata);

    private sealed record SaveOptions(string? Concurrency, string? Consistency);

    private sealed record SaveRequest(
        string? Key, JsonElement? Value, string? Etag, SaveOptions? Options, Dictionary<string, string>? Metadata)
    {
        public StateWrite.Set ToSet(string store)
        {
            if (string.IsNullOrEmpty(Key))
                throw ApiException.Malformed("\"key\" is a required field");
            var data = Value is { } value ? JsonSerializer.SerializeToUtf8Bytes(value, JsonTexts.Compact) : "null"u8.ToArray();
            return new StateWrite.Set(Key, data, Etag, ToConcurrency(Options?.Concurrency, store), StateBlock.Ttl(store, Metadata ?? []));
        }

        /// <summary>The data of an event about it: a text is itself, unless the type says that it is JSON.</summary>
        public ReadOnlyMemory<byte> Payload(string contentType) => Value switch
        {
            null => "null"u8.ToArray(),
            { ValueKind: JsonValueKind.String } text when !ContentTypes.IsJson(contentType) =>
                System.Text.Encoding.UTF8.GetBytes(text.GetString()!),
            { } value => JsonSerializer.SerializeToUtf8Bytes(value, JsonTexts.Compact),
        };

        public static Concurrency ToConcurrency(string? text, string store) => text switch
        {
            null or "" => Concurrency.Unspecified,
            "first-write" => Concurrency.FirstWrite,
            "last-write" => Concurrency.LastWrite,
            _ => throw new ApiException(500, "ERR_STATE_SAVE", StatusCode.Internal,
                $"failed saving state in state store {store}: unrecognized concurrency model '{text}'"),
        };
    }

    private sealed record TransactionRequest(TransactionOperation[] Operations, Dictionary<string, string>? Metadata)
    {
        public TransactionOperation[] Operations { get; } = (TransactionOperation[])JsonBody.WithoutNulls(Operations ?? [], "");
    }

    private sealed record TransactionOperation(string? Operation, SaveRequest? Request)
    {
        /// <summary>The request's metadata is that of each of its operations.</summary>
        public TransactionWrite ToTransaction(string store, Dictionary<string, string> shared)
        {
            var metadata = shared.Over(Request?.Metadata);
            return new TransactionWrite(
                ToWrite(store, metadata), metadata, Request?.Payload(metadata.GetValueOrDefault("contentType", "")) ?? default);
        }

        private StateWrite ToWrite(string store, Dictionary<string, string> metadata) => Operation switch
        {
            "upsert" =>
                ((Request ?? throw ApiException.Malformed("\"request\" is a required field")) with { Metadata = metadata }).ToSet(store),
            "delete" => new StateWrite.Delete(Request?.Key ?? throw ApiException.Malformed("\"key\" is a required field"), Request.Etag,
                SaveRequest.ToConcurrency(Request.Options?.Concurrency, store)),
            _ => throw new ApiException(
                400, "ERR_NOT_SUPPORTED_STATE_OPERATION", StatusCode.Unimplemented, $"operation type {Operation} not supported"),
        };
    }
}
