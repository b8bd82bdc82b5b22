using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Samples.Services.Defaults;

/// <summary>Applications and sidecars that prove themselves to each other, as in Compose and in production.</summary>
public sealed class TokenTests : IAsyncDisposable
{
    private readonly Machine _machine = new() { ApiToken = "what applications show", AppToken = "what sidecars show" };

    [Fact]
    public async Task A_service_takes_requests_only_from_its_sidecar()
    {
        var service = await StartSourceAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(service, "/items", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(service, "/items", "what sidecars sho"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(service, "/items", _machine.ApiToken));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(service, "/openapi/v1.json", null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/items", _machine.AppToken));
        using var refused = await service.Http.GetAsync("/items", Machine.Cancel);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);

        // Through the sidecar, which shows its token.
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"http://127.0.0.1:{service.Sidecar.HttpPort}/v1.0/invoke/source-files/method/items")
        {
            Headers = { { "dapr-api-token", _machine.ApiToken } },
        };
        using var answer = await service.Http.SendAsync(request, Machine.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory, InlineData("/healthz"), InlineData("/readyz")]
    public async Task Probes_need_no_token(string path) =>
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(await StartSourceAsync(), path, null));

    [Fact]
    public async Task A_front_door_takes_everybody_s_requests_but_not_those_of_Dapr()
    {
        var service = await StartSourceAsync(("FRONT_DOOR", "true"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/items", null));
        foreach (var path in new[] { "/dapr/config", "/dapr/subscribe", "/actors/A/1/method/m", "/job/nightly", "/DAPR/config" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(service, path, null));
            Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(service, path, _machine.AppToken));
        }
    }

    [Fact]
    public async Task A_service_shows_its_token_to_the_sidecar_when_it_calls_another()
    {
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "pictures"));
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "pictures", "one"), "a picture", Machine.Cancel);
        await StartSourceAsync();
        var manager = await _machine.StartAsync(
            "Samples.QueueManager", "queue-manager", ("SOURCE_SETTLED_MS", "0"), ("FRONT_DOOR", "true"));
        await _machine.WaitAsync("the item of the source is queued", async () =>
        {
            using var answer = await manager.Http.GetAsync("/stats", Machine.Cancel);
            return answer.IsSuccessStatusCode
                && (await answer.Content.ReadFromJsonAsync<JsonElement>(Machine.Cancel)).GetProperty("queued").GetInt32() == 1;
        });
    }

    private Task<Service> StartSourceAsync(params (string, string)[] settings) =>
        _machine.StartAsync("Samples.SourceFiles", "source-files", [("SOURCE_SETTLED_MS", "0"), .. settings]);

    private static async Task<HttpStatusCode> StatusAsync(Service service, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Add("dapr-api-token", token);
        using var answer = await service.Http.SendAsync(request, Machine.Cancel);
        return answer.StatusCode;
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
