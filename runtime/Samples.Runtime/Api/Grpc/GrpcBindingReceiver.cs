using Dapr.AppCallback.Autogen.Grpc.v1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Api.Grpc;

/// <summary>
/// Events of input bindings for an application that speaks gRPC: it names the bindings that it wants, then gets <c>OnBindingEvent</c> for
/// each.
/// </summary>
internal sealed class GrpcBindingReceiver(GrpcApp app, ILogger log) : IBindingReceiver
{
    private IReadOnlyList<string>? _wanted;

    public async Task<bool> WantsAsync(Component component, CancellationToken cancel)
    {
        try
        {
            _wanted ??= await app.ListBindingsAsync(cancel);
            return _wanted.Contains(component.Name, StringComparer.Ordinal);
        }
        catch (Exception error) when (error is RpcException or HttpRequestException)
        {
            log.LogWarning("the application could not be asked for its bindings: {Problem}", error.Message);
            _wanted = [];
            return false;
        }
    }

    public async Task<BindingReply> DeliverAsync(Component component, BindingEvent happened, CancellationToken cancel)
    {
        var request = new BindingEventRequest { Name = component.Name, Data = UnsafeByteOperations.UnsafeWrap(happened.Data) };
        request.Metadata.Add(happened.Metadata.ToDictionary());
        var trace = TraceContext.Current();
        var headers = new Metadata { { TraceContext.Parent, trace }, { TraceContext.Binary, TraceContext.ToBinary(trace)! } };
        try
        {
            var answer = await app.TellAsync(request, headers, cancel);
            return new BindingReply(
                answer.Data.Memory, answer.StoreName, [.. answer.States.Select(s => StateGrpc.ToSet(s, answer.StoreName))],
                answer.To, "create", answer.Data.Memory,
                answer.Concurrency == BindingEventResponse.Types.BindingEventConcurrency.Parallel);
        }
        catch (RpcException error)
        {
            throw new FailedAnswerException((int)error.StatusCode, error, isGrpc: true);
        }
    }
}
