using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Threading.Channels;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Item = Samples.Runtime.Components.ConfigurationItem;

namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> Configuration(SidecarContext context) => [new ConfigurationFeature(context)];

    /// <summary>Configuration: read, and told about when it changes, by POST to the application or on a gRPC stream.</summary>
    private sealed class ConfigurationFeature(SidecarContext context) : ISidecarFeature
    {
        private sealed record ItemBody(string? Value, string? Version, IReadOnlyDictionary<string, string>? Metadata);

        private readonly ConcurrentDictionary<string, Func<ValueTask>> _subscriptions = new(StringComparer.Ordinal);

        public void MapHttp(IEndpointRouteBuilder routes)
        {
            foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
            {
                routes.MapGet($"/{version}/configuration/{{store}}", async (string store, HttpContext http) =>
                    JsonTexts.Answer(Bodies(await GetAsync(store, Keys(http), http.RequestAborted))));
                routes.MapGet($"/{version}/configuration/{{store}}/subscribe", async (string store, HttpContext http) =>
                    JsonTexts.Answer(new { id = await SubscribeAppAsync(store, Keys(http), http.RequestAborted) }));
                routes.MapGet($"/{version}/configuration/{{store}}/{{id}}/unsubscribe", async (string store, string id) =>
                {
                    Find(store);
                    return await UnsubscribeAsync(id)
                        ? JsonTexts.Answer(new { ok = true })
                        : JsonTexts.Answer(new { message = $"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist" }, 500);
                });
            }
        }

        public void BindGrpc(GrpcMethods methods)
        {
            foreach (var suffix in (string[])["", "Alpha1"])
            {
                methods.Unary<GetConfigurationRequest, GetConfigurationResponse>("GetConfiguration" + suffix, async (request, call) =>
                {
                    var response = new GetConfigurationResponse();
                    Add(response.Items, await GetAsync(request.StoreName, [.. request.Keys], call.CancellationToken));
                    return response;
                });
                methods.ServerStream<SubscribeConfigurationRequest, SubscribeConfigurationResponse>("SubscribeConfiguration" + suffix, StreamAsync);
                methods.Unary<UnsubscribeConfigurationRequest, UnsubscribeConfigurationResponse>("UnsubscribeConfiguration" + suffix, async (request, _) =>
                {
                    Find(request.StoreName);
                    return await UnsubscribeAsync(request.Id)
                        ? new UnsubscribeConfigurationResponse { Ok = true }
                        : new UnsubscribeConfigurationResponse { Message = $"failed to unsubscribe to configuration request {request.Id}: subscription does not exist" };
                });
            }
        }

        private async Task<string> SubscribeAppAsync(string store, string[] keys, CancellationToken cancel)
        {
            var id = Guid.NewGuid().ToString();
            var subscription = await FollowAsync(store, keys, async items =>
            {
                // One request a key, at a path that names it: that is how Dapr tells HTTP applications.
                foreach (var (key, item) in items)
                {
                    var body = new { id, items = Bodies(new Dictionary<string, Item> { [key] = item }) };
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"/configuration/{Uri.EscapeDataString(store)}/{Uri.EscapeDataString(key)}");
                    request.Content = JsonContent.Create(body, new MediaTypeHeaderValue("application/json"), JsonTexts.Compact);
                    using var response = await context.App.SendAsync(request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
                }
            }, cancel);
            _subscriptions[id] = subscription.DisposeAsync;
            return id;
        }

        private async Task StreamAsync(
            SubscribeConfigurationRequest request, IServerStreamWriter<SubscribeConfigurationResponse> stream, ServerCallContext call)
        {
            var id = Guid.NewGuid().ToString();
            var changes = Channel.CreateUnbounded<IReadOnlyDictionary<string, Item>>();
            var subscription = await FollowAsync(request.StoreName, [.. request.Keys], items =>
            {
                changes.Writer.TryWrite(items);
                return Task.CompletedTask;
            }, call.CancellationToken);
            _subscriptions[id] = async () =>
            {
                await subscription.DisposeAsync();
                changes.Writer.TryComplete();
            };
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
                await UnsubscribeAsync(id);
            }
        }

        private Task<IReadOnlyDictionary<string, Item>> GetAsync(string store, string[] keys, CancellationToken cancel)
        {
            var engine = Find(store);
            return context.GovernAsync(store, ComponentKind.Configuration, "ERR_CONFIGURATION_GET", $"failed to get [{string.Join(' ', keys)}] from Configuration store {store}",
                stop => engine.GetAsync(keys, stop), cancel);
        }

        private Task<IAsyncDisposable> FollowAsync(string store, string[] keys, Func<IReadOnlyDictionary<string, Item>, Task> changed, CancellationToken cancel)
        {
            var engine = Find(store);
            return context.GovernAsync(store, ComponentKind.Configuration, "ERR_CONFIGURATION_SUBSCRIBE", $"failed to subscribe [{string.Join(' ', keys)}] from Configuration store {store}",
                stop => engine.SubscribeAsync(keys, changed, stop), cancel);
        }

        private async Task<bool> UnsubscribeAsync(string id)
        {
            if (!_subscriptions.TryRemove(id, out var end))
                return false;
            await end();
            return true;
        }

        // A restarted application subscribes anew; the streams of a sidecar that stops end with it.
        public async Task AppLostAsync(CancellationToken cancel) => await DisposeAsync();

        public async ValueTask DisposeAsync()
        {
            foreach (var id in _subscriptions.Keys)
                await UnsubscribeAsync(id);
        }

        private IConfigurationStore Find(string store) => context.Components.Find<IConfigurationStore>(store)
            ?? throw (context.Components.All.Any(c => c.Engine is IConfigurationStore)
                ? new ApiException(400, "ERR_CONFIGURATION_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"configuration store {store} not found")
                : new ApiException(500, "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "configuration stores not configured"));

        private static string[] Keys(HttpContext http) => [.. http.Request.Query["key"].OfType<string>()];

        private static Dictionary<string, ItemBody> Bodies(IReadOnlyDictionary<string, Item> items) => items.ToDictionary(i => i.Key, i => new ItemBody(
            Text(i.Value.Value), Text(i.Value.Version), i.Value.Metadata.Count > 0 ? i.Value.Metadata : null));

        // Empty members are left out, as daprd does.
        private static string? Text(string text) => text.Length > 0 ? text : null;

        private static void Add(Google.Protobuf.Collections.MapField<string, Dapr.Client.Autogen.Grpc.v1.ConfigurationItem> into, IReadOnlyDictionary<string, Item> items)
        {
            foreach (var (key, item) in items)
            {
                var message = into[key] = new Dapr.Client.Autogen.Grpc.v1.ConfigurationItem { Value = item.Value, Version = item.Version };
                message.Metadata.Add(item.Metadata.ToDictionary());
            }
        }
    }
}
