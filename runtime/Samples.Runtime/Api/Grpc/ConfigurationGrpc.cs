using System.Threading.Channels;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.Collections;
using Grpc.Core;
using Samples.Runtime.BuildingBlocks;
using Item = Samples.Runtime.Components.ConfigurationItem;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Configuration over gRPC; changes come on a stream.</summary>
internal static class ConfigurationGrpc
{
    public static void Bind(GrpcMethods methods, ConfigurationBlock block)
    {
        foreach (var suffix in (string[])["", "Alpha1"])
        {
            methods.Unary<GetConfigurationRequest, GetConfigurationResponse>("GetConfiguration" + suffix, async (request, call) =>
            {
                var response = new GetConfigurationResponse();
                Add(response.Items, await block.GetAsync(request.StoreName, [.. request.Keys], call.CancellationToken));
                return response;
            });
            methods.ServerStream<SubscribeConfigurationRequest, SubscribeConfigurationResponse>("SubscribeConfiguration" + suffix,
                (request, stream, call) => StreamAsync(block, request, stream, call));
            methods.Unary<UnsubscribeConfigurationRequest, UnsubscribeConfigurationResponse>("UnsubscribeConfiguration" + suffix,
                (request, _) => UnsubscribeAsync(block, request));
        }
    }

    private static async Task StreamAsync(
        ConfigurationBlock block,
        SubscribeConfigurationRequest request,
        IServerStreamWriter<SubscribeConfigurationResponse> stream,
        ServerCallContext call)
    {
        var id = Guid.NewGuid().ToString();
        var changes = Channel.CreateUnbounded<IReadOnlyDictionary<string, Item>>();
        await block.FollowAsync(request.StoreName, [.. request.Keys], id, items =>
        {
            changes.Writer.TryWrite(items);
            return Task.CompletedTask;
        }, () => changes.Writer.TryComplete(), call.CancellationToken);
        try
        {
            // The id comes first: with it, the caller can end the subscription.
            await stream.WriteAsync(new SubscribeConfigurationResponse { Id = id }, call.CancellationToken);
            await foreach (var items in changes.Reader.ReadAllAsync(call.CancellationToken))
            {
                var response = new SubscribeConfigurationResponse { Id = id };
                Add(response.Items, items);
                await stream.WriteAsync(response, call.CancellationToken);
            }
        }
        finally
        {
            await block.EndAsync(id);
        }
    }

    private static async Task<UnsubscribeConfigurationResponse> UnsubscribeAsync(
        ConfigurationBlock block, UnsubscribeConfigurationRequest request)
    {
        block.Find(request.StoreName);
        if (await block.EndAsync(request.Id))
            return new UnsubscribeConfigurationResponse { Ok = true };
        var message = $"failed to unsubscribe to configuration request {request.Id}: subscription does not exist";
        return new UnsubscribeConfigurationResponse { Message = message };
    }

    private static void Add(MapField<string, ConfigurationItem> into, IReadOnlyDictionary<string, Item> items)
    {
        foreach (var (key, item) in items)
        {
            var message = into[key] = new ConfigurationItem { Value = item.Value, Version = item.Version };
            message.Metadata.Add(item.Metadata.ToDictionary());
        }
    }
}
