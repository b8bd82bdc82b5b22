using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;

namespace Samples.Runtime.Api.Http;

/// <summary>Configuration over HTTP: <c>/v1.0/configuration/{store}</c>.</summary>
internal static class ConfigurationHttp
{
    public static void Map(IEndpointRouteBuilder routes, ConfigurationBlock block)
    {
        foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
        {
            routes.MapGet($"/{version}/configuration/{{store}}", async (string store, HttpContext http) =>
                JsonAnswer.Of(Bodies(await block.GetAsync(store, Keys(http), http.RequestAborted))));
            routes.MapGet($"/{version}/configuration/{{store}}/subscribe", async (string store, HttpContext http) =>
                JsonAnswer.Of(new { id = await SubscribeAsync(block, store, Keys(http), http.RequestAborted) }));
            routes.MapGet($"/{version}/configuration/{{store}}/{{id}}/unsubscribe", async (string store, string id) =>
            {
                block.Find(store);
                var message = $"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist";
                return await block.EndAsync(id) ? JsonAnswer.Of(new { ok = true }) : JsonAnswer.Of(new { message }, 500);
            });
        }
    }

    private static async Task<string> SubscribeAsync(ConfigurationBlock block, string store, string[] keys, CancellationToken cancel)
    {
        var id = Guid.NewGuid().ToString();
        await block.FollowAsync(store, keys, id, TellAsync, null, cancel);
        return id;

        // One request a key, at a path that names it: that is how Dapr tells HTTP applications.
        async Task TellAsync(IReadOnlyDictionary<string, ConfigurationItem> items)
        {
            foreach (var (key, item) in items)
            {
                var body = new { id, items = Bodies(new Dictionary<string, ConfigurationItem> { [key] = item }) };
                var path = $"/configuration/{Uri.EscapeDataString(store)}/{Uri.EscapeDataString(key)}";
                using var request = new HttpRequestMessage(HttpMethod.Post, path);
                request.Content = JsonContent.Create(body, new MediaTypeHeaderValue("application/json"), JsonTexts.Compact);
                using var response = await block.App.SendAsync(
                    request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            }
        }
    }

    private static string[] Keys(HttpContext http) => [.. http.Request.Query["key"].OfType<string>()];

    private static Dictionary<string, Item> Bodies(IReadOnlyDictionary<string, ConfigurationItem> items) =>
        items.ToDictionary(item => item.Key, item => Item.Of(item.Value));

    private sealed record Item(string? Value, string? Version, IReadOnlyDictionary<string, string>? Metadata)
    {
        // Empty members are left out, as daprd does.
        public static Item Of(ConfigurationItem item) =>
            new(Text(item.Value), Text(item.Version), item.Metadata.Count > 0 ? item.Metadata : null);

        private static string? Text(string text) => text.Length > 0 ? text : null;
    }
}
