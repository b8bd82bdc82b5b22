using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Output bindings over gRPC.</summary>
internal static class BindingGrpc
{
    public static void Bind(GrpcMethods methods, BindingBlock block) =>
        methods.Unary<InvokeBindingRequest, InvokeBindingResponse>("InvokeBinding", async (request, call) =>
        {
            var result = await block.InvokeAsync(
                request.Name, request.Operation, request.Data.Memory, request.Metadata, call.CancellationToken);
            var response = new InvokeBindingResponse { Data = ByteString.CopyFrom(result.Data.Span) };
            response.Metadata.Add(result.Metadata.ToDictionary());
            return response;
        });
}
