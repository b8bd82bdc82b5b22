using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Samples.Runtime.Api.Grpc;

/// <summary>State over gRPC.</summary>
internal static class StateGrpc
{
    public static void Bind(GrpcMethods methods, StateBlock block)
    {
        methods.Unary<GetStateRequest, GetStateResponse>("GetState", async (request, call) =>
        {
            var response = new GetStateResponse();
            if (await block.GetAsync(request.StoreName, request.Key, call.CancellationToken) is not { } item)
                return response;
            (response.Data, response.Etag) = (ByteString.CopyFrom(item.Data.Span), item.ETag);
            AddExpiry(response.Metadata, item);
            return response;
        });
        methods.Unary<GetBulkStateRequest, GetBulkStateResponse>("GetBulkState", async (request, call) =>
        {
            var items = await block.GetManyAsync(request.StoreName, request.Keys, call.CancellationToken);
            var response = new GetBulkStateResponse();
            response.Items.Add(request.Keys.Zip(items, ToBulkItem));
            return response;
        });
        methods.Unary<SaveStateRequest, Empty>("SaveState", async (request, call) =>
        {
            await block.SaveAsync(request.StoreName, [.. request.States.Select(s => ToSet(s, request.StoreName))], call.CancellationToken);
            return new Empty();
        });
        methods.Unary<DeleteStateRequest, Empty>("DeleteState", async (request, call) =>
        {
            var delete = new StateWrite.Delete(request.Key, request.Etag?.Value, ToConcurrency(request.Options));
            await block.DeleteAsync(request.StoreName, delete, call.CancellationToken);
            return new Empty();
        });
        methods.Unary<DeleteBulkStateRequest, Empty>("DeleteBulkState", async (request, call) =>
        {
            foreach (var item in request.States)
                await block.DeleteAsync(
                    request.StoreName, new StateWrite.Delete(item.Key, item.Etag?.Value, ToConcurrency(item.Options)),
                    call.CancellationToken);
            return new Empty();
        });
        methods.Unary<ExecuteStateTransactionRequest, Empty>("ExecuteStateTransaction", async (request, call) =>
        {
            await block.TransactAsync(
                request.StoreName, [.. request.Operations.Select(o => ToTransaction(o, request.StoreName))], PublishGrpc.Trace(call),
                call.CancellationToken);
            return new Empty();
        });
    }

    private static BulkStateItem ToBulkItem(string key, Components.StateItem? item)
    {
        var found = new BulkStateItem { Key = key };
        if (item is null)
            return found;
        (found.Data, found.Etag) = (ByteString.CopyFrom(item.Data.Span), item.ETag);
        AddExpiry(found.Metadata, item);
        return found;
    }

    private static void AddExpiry(Google.Protobuf.Collections.MapField<string, string> metadata, Components.StateItem item)
    {
        if (item.Expires is { } end)
            metadata["ttlExpireTime"] = StateHttp.Rfc3339(end);
    }

    internal static StateWrite.Set ToSet(Wire.StateItem item, string store) => item.Key.Length > 0
        ? new StateWrite.Set(
            item.Key, item.Value.Memory, item.Etag?.Value, ToConcurrency(item.Options), StateBlock.Ttl(store, item.Metadata))
        : throw new ApiException(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, "state key cannot be empty");

    private static TransactionWrite ToTransaction(TransactionalStateOperation operation, string store) =>
        new(ToWrite(operation, store), operation.Request.Metadata.ToDictionary(), operation.Request.Value.Memory);

    private static StateWrite ToWrite(TransactionalStateOperation operation, string store) => operation.OperationType switch
    {
        "upsert" => ToSet(operation.Request, store),
        "delete" => new StateWrite.Delete(operation.Request.Key, operation.Request.Etag?.Value, ToConcurrency(operation.Request.Options)),
        var other =>
            throw new ApiException(
                400, "ERR_NOT_SUPPORTED_STATE_OPERATION", StatusCode.Unimplemented, $"operation type {other} not supported"),
    };

    private static Concurrency ToConcurrency(StateOptions? options) => options?.Concurrency switch
    {
        StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite => Concurrency.FirstWrite,
        StateOptions.Types.StateConcurrency.ConcurrencyLastWrite => Concurrency.LastWrite,
        _ => Concurrency.Unspecified,
    };
}
