using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Publishing over gRPC.</summary>
internal static class PublishGrpc
{
    public static void Bind(GrpcMethods methods, PubSubBlock block)
    {
        methods.Unary<PublishEventRequest, Empty>("PublishEvent", async (request, call) =>
        {
            var trace = Trace(call);
            var metadata = request.Metadata.ToDictionary();
            if (PubSubBlock.IsRaw(metadata) == true)
            {
                // A raw payload has no envelope for the trace; over gRPC daprd sends it along as metadata.
                (metadata["traceid"], metadata["tracestate"]) = (trace.Parent, trace.State);
            }

            await block.PublishAsync(
                request.PubsubName, request.Topic, new Publication(request.Data.Memory, request.DataContentType, metadata), trace,
                call.CancellationToken);
            return new Empty();
        });
        foreach (var suffix in (string[])["", "Alpha1"])
        {
            methods.Unary<BulkPublishRequest, BulkPublishResponse>("BulkPublishEvent" + suffix, async (request, call) =>
            {
                var entries = request.Entries.Select(
                    e => new Publication(e.Event.Memory, e.ContentType, Merge(request.Metadata, e.Metadata), e.EntryId)).ToList();
                await block.PublishManyAsync(
                    request.PubsubName, request.Topic, entries, request.Metadata.ToDictionary(), Trace(call), call.CancellationToken);
                return new BulkPublishResponse();
            });
        }
    }

    private static Dictionary<string, string> Merge(IDictionary<string, string> request, IDictionary<string, string> entry)
    {
        var merged = new Dictionary<string, string>(request);
        foreach (var (key, value) in entry)
            merged[key] = value;
        return merged;
    }

    internal static EventTrace Trace(ServerCallContext call) => EventTrace.From(
        call.RequestHeaders.GetValue(TraceContext.Parent)
            ?? (call.RequestHeaders.GetValueBytes(TraceContext.Binary) is { } binary ? TraceContext.FromBinary(binary) : null),
        call.RequestHeaders.GetValue("tracestate"));
}
