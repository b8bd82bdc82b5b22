using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;

namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> Bindings(SidecarContext context)
    {
        var outputs = new BindingBlock(context);
        return [new BindingFeature(outputs, new InputBindings(context, outputs, new StateBlock(context)))];
    }

    private sealed class BindingFeature(BindingBlock outputs, InputBindings inputs) : ISidecarFeature
    {
        private sealed record Body(string? Operation, JsonElement? Data, Dictionary<string, string>? Metadata);

        public void MapHttp(IEndpointRouteBuilder routes) => routes.MapMethods("/v1.0/bindings/{name}", ["POST", "PUT"], async (string name, HttpContext http) =>
        {
            var body = await JsonBody.ReadAsync<Body>(http, "failed deserializing HTTP body: ");
            var data = body.Data is { } value ? JsonSerializer.SerializeToUtf8Bytes(value, JsonTexts.Compact) : [];
            await WriteAsync(http, await outputs.InvokeAsync(name, body.Operation, data, body.Metadata ?? [], http.RequestAborted));
        });

        public void BindGrpc(GrpcMethods methods) => methods.Unary<InvokeBindingRequest, InvokeBindingResponse>("InvokeBinding", async (request, call) =>
        {
            var result = await outputs.InvokeAsync(request.Name, request.Operation, request.Data.Memory, request.Metadata, call.CancellationToken);
            var response = new InvokeBindingResponse { Data = ByteString.CopyFrom(result.Data.Span) };
            response.Metadata.Add(result.Metadata.ToDictionary());
            return response;
        });

        public Task AppReadyAsync(CancellationToken cancel) => inputs.StartAsync(cancel);

        public Task AppLostAsync(CancellationToken cancel) => inputs.StopAsync();

        private static async Task WriteAsync(HttpContext http, BindingResult result)
        {
            foreach (var (key, value) in result.Metadata)
            {
                // What a header cannot carry stays out; over gRPC it is there.
                if (value.All(c => c is >= ' ' and < '\x7f'))
                    http.Response.Headers["metadata." + key] = value;
            }

            if (result.Data.IsEmpty)
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            http.Response.ContentType = result.ContentType ?? "application/json";
            http.Response.ContentLength = result.Data.Length;
            await http.Response.Body.WriteAsync(result.Data, http.RequestAborted);
        }

        public ValueTask DisposeAsync() => inputs.DisposeAsync();
    }
}
