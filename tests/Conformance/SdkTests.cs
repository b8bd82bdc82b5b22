using System.Net;
using System.Net.Http.Json;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Samples.Conformance.Daprd;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>The official SDK against sidecars of the embedded runtime, over real sockets.</summary>
public sealed class SdkTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Theory, InlineData("memory"), InlineData("durable")]
    public async Task State_is_saved_read_compared_and_deleted(string store)
    {
        using var dapr = Client(await StartAsync("app1"));
        await dapr.SaveStateAsync(store, "k", new Order(1, "é"), cancellationToken: Cancel);
        var (order, etag) = await dapr.GetStateAndETagAsync<Order>(store, "k", cancellationToken: Cancel);
        Assert.Equal(new Order(1, "é"), order);
        Assert.True(await dapr.TrySaveStateAsync(store, "k", new Order(2, "b"), etag, cancellationToken: Cancel));
        Assert.False(await dapr.TrySaveStateAsync(store, "k", new Order(3, "c"), etag, cancellationToken: Cancel));
        Assert.False(await dapr.TryDeleteStateAsync(store, "k", etag, cancellationToken: Cancel));
        await dapr.DeleteStateAsync(store, "k", cancellationToken: Cancel);
        Assert.Null(await dapr.GetStateAsync<Order?>(store, "k", cancellationToken: Cancel));
    }

    [Theory, InlineData("memory"), InlineData("durable")]
    public async Task A_transaction_is_applied_whole_or_not_at_all(string store)
    {
        Assert.SkipWhen(
            Executables.AreReal && store == "durable",
            "Redis does not take back what stands before the operation that failed, as daprd says in its log");
        using var dapr = Client(await StartAsync("app1"));
        await dapr.SaveStateAsync(store, "x", 1, cancellationToken: Cancel);
        await dapr.ExecuteStateTransactionAsync(store,
        [
            new StateTransactionRequest("y", "2"u8.ToArray(), StateOperationType.Upsert),
            new StateTransactionRequest("x", null, StateOperationType.Delete),
        ], cancellationToken: Cancel);
        var bulk = await dapr.GetBulkStateAsync(store, ["x", "y"], parallelism: 2, cancellationToken: Cancel);
        Assert.Equal(["", "2"], bulk.Select(i => i.Value ?? ""));
        await Assert.ThrowsAsync<DaprException>(() => dapr.ExecuteStateTransactionAsync(store,
        [
            new StateTransactionRequest("z", "1"u8.ToArray(), StateOperationType.Upsert),
            new StateTransactionRequest("y", "9"u8.ToArray(), StateOperationType.Upsert, etag: "12345"),
        ], cancellationToken: Cancel));
        Assert.Null(await dapr.GetStateAsync<int?>(store, "z", cancellationToken: Cancel));
    }

    [Fact]
    public async Task Applications_do_not_see_each_others_keys_and_replicas_share_theirs()
    {
        using var one = Client(await StartAsync("app1"));
        using var replica = Client(await StartAsync("app1"));
        using var other = Client(await StartAsync("app2"));
        await one.SaveStateAsync("durable", "k", 7, cancellationToken: Cancel);
        Assert.Equal(7, await replica.GetStateAsync<int?>("durable", "k", cancellationToken: Cancel));
        Assert.Null(await other.GetStateAsync<int?>("durable", "k", cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_lock_is_held_by_one_owner()
    {
        using var dapr = Client(await StartAsync("app1"));
#pragma warning disable CS0618, DAPR_DISTRIBUTEDLOCK // The lock API is alpha in Dapr; that is what is tested.
        Assert.True((await dapr.Lock("locks", "r", "me", 60, Cancel)).Success);
        Assert.False((await dapr.Lock("locks", "r", "you", 60, Cancel)).Success);
        Assert.Equal(LockStatus.LockBelongsToOthers, (await dapr.Unlock("locks", "r", "you", Cancel)).status);
        Assert.Equal(LockStatus.Success, (await dapr.Unlock("locks", "r", "me", Cancel)).status);
#pragma warning restore CS0618, DAPR_DISTRIBUTEDLOCK
    }

    [Fact, EmbeddedOnly("daprd picks a replica at random, and calls a dead one until its name expires")]
    public async Task Invocation_takes_turns_over_replicas_and_leaves_a_dead_one_out_at_once()
    {
        await using var first = await StartAppAsync("first");
        await using var second = await StartAppAsync("second");
        await StartAsync("echo", Port(first));
        await StartAsync("echo", Port(second));
        var caller = await StartAsync("caller");
        using var http = DaprClient.CreateInvokeHttpClient("echo", $"http://127.0.0.1:{caller.HttpPort}");
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => http.GetStringAsync("/who", Cancel)));
        Assert.Equal(5, answers.Count(a => a == "first"));
        await first.StopAsync(Cancel);
        for (var i = 0; i < 6; i++)
            Assert.Equal("second", await http.GetStringAsync("/who", Cancel));
    }

    [Theory]
    [InlineData("a%20b?x=1&y=%2F")]
    [InlineData("a%20b%2Fc")]
    public async Task Status_body_query_and_encoded_path_pass_unchanged(string path)
    {
        Assert.SkipWhen(
            Executables.AreReal && path.Contains("%2Fc", StringComparison.Ordinal),
            "daprd decodes the path: an escaped slash becomes one, and an escaped question mark begins the query");
        await using var app = await StartAppAsync("echo");
        await StartAsync("echo", Port(app));
        var caller = await StartAsync("caller");
        using var http = DaprClient.CreateInvokeHttpClient("echo", $"http://127.0.0.1:{caller.HttpPort}");
        var answer = await http.PostAsJsonAsync("/status/418/" + path, new Order(1, "é"), Cancel);
        Assert.Equal((HttpStatusCode)418, answer.StatusCode);
        Assert.Equal($"/status/418/{path} {{\"id\":1,\"name\":\"é\"}}".Replace("é", "\\u00e9", StringComparison.OrdinalIgnoreCase),
            (await answer.Content.ReadAsStringAsync(Cancel)).Replace(
                "\\u00E9", "\\u00e9", StringComparison.Ordinal).Replace("é", "\\u00e9", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_token_nothing_but_health_answers()
    {
        var sidecar = await StartAsync("app1", token: "secret");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{sidecar.HttpPort}") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1.0/metadata", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await http.GetAsync("/v1.0/healthz", Cancel)).StatusCode);
        using var stranger = Client(sidecar);
        await Assert.ThrowsAsync<DaprException>(() => stranger.GetStateAsync<int>("memory", "k", cancellationToken: Cancel));
        using var friend = Client(sidecar, "secret");
        Assert.Equal(0, await friend.GetStateAsync<int>("memory", "k", cancellationToken: Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<ITestedSidecar> StartAsync(string appId, int? appPort = null, string? token = null) =>
        _machine.StartAsync(new SidecarOptions(appId) { AppPort = appPort, ApiToken = token },
        Machine.Component("memory", "state.in-memory") + Machine.Component("durable", "state.sqlite", ("connectionString", "state.db"))
        + Machine.Component("locks", "lock.sqlite", ("connectionString", "locks.db")));

    private static DaprClient Client(ITestedSidecar sidecar, string? token = null)
    {
        var builder = new DaprClientBuilder().UseHttpEndpoint(
            $"http://127.0.0.1:{sidecar.HttpPort}").UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}");
        return (token is null ? builder : builder.UseDaprApiToken(token)).Build();
    }

    private static async Task<WebApplication> StartAppAsync(string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/who", () => name);
        app.MapPost("/status/{code:int}/{**rest}", async (int code, Microsoft.AspNetCore.Http.HttpContext http) =>
        {
            http.Response.StatusCode = code;
            using var body = new StreamReader(http.Request.Body);
            var raw = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            return $"{raw} {await body.ReadToEndAsync()}";
        });
        await app.StartAsync(Cancel);
        return app;
    }

    private static int Port(WebApplication app) => new Uri(app.Urls.First()).Port;

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    private sealed record Order(int Id, string Name);
}
