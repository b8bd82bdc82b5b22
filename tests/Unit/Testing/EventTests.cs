using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Unit.Testing;

/// <summary>Publishing and awaiting what becomes of it, without a pause anywhere.</summary>
public sealed class EventTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publishing_completes_when_the_application_has_handled_the_event()
    {
        await using var dapr = new TestDapr().WithComponent("pubsub", "pubsub.in-memory");
        var handled = 0;
        await dapr.StartAsync("orders", app => Subscriber(app, "orders", () =>
        {
            handled++;
            return Results.Ok();
        }), cancel: Cancel);

        for (var i = 1; i <= 20; i++)
        {
            var delivery = Assert.Single(await dapr.PublishAsync("pubsub", "orders", new { number = i }, cancel: Cancel));
            Assert.Equal((i, DeliveryResult.Success, "orders"), (handled, delivery.Result, delivery.AppId));
        }
    }

    [Fact]
    public async Task Every_subscribed_application_is_waited_for_and_says_what_it_made_of_the_event()
    {
        await using var dapr = new TestDapr().WithComponent("pubsub", "pubsub.in-memory");
        await dapr.StartAsync("good", app => Subscriber(app, "orders", () => Results.Ok()), cancel: Cancel);
        await dapr.StartAsync("bad", app => Subscriber(app, "orders", () => Results.StatusCode(500)), cancel: Cancel);
        await dapr.StartAsync("choosy", app => Subscriber(app, "orders", () => Results.NotFound()), cancel: Cancel);
        await dapr.StartAsync("careful", app => Subscriber(app, "orders", () => Results.StatusCode(500), "failed"), cancel: Cancel);

        var deliveries = await dapr.PublishAsync("pubsub", "orders", "tea", cancel: Cancel);

        Assert.Equal(
            [
                ("bad", DeliveryResult.Failed), ("careful", DeliveryResult.DeadLettered), ("choosy", DeliveryResult.Dropped),
                ("good", DeliveryResult.Success),
            ],
            deliveries.Select(d => (d.AppId, d.Result)).Order());
        Assert.All(deliveries, d => Assert.Equal("tea", d.Data<string>()));
        Assert.Equal("tea", (await dapr.PublishedAsync("pubsub", "failed", Cancel)).Data<string>());
    }

    [Fact]
    public async Task What_an_application_publishes_is_seen_with_and_without_subscribers()
    {
        await using var dapr = new TestDapr().WithComponent("pubsub", "pubsub.in-memory");
        var shop = await dapr.StartAsync("shop", _ => { }, cancel: Cancel);
        var orders = await dapr.StartAsync("orders", app => Subscriber(app, "orders", () => Results.Ok()), cancel: Cancel);
        // Also what came before somebody asks.
        await shop.SidecarHttp.PostAsJsonAsync("/v1.0/publish/pubsub/orders", new { item = "tea" }, Cancel);
        await shop.SidecarHttp.PostAsJsonAsync("/v1.0/publish/pubsub/nobody", new { item = "air" }, Cancel);

        var received = await orders.ReceivesEventAsync("orders", Cancel);

        Assert.Equal(("tea", DeliveryResult.Success), (received.Data<Order>()?.Item, received.Result));
        var published = await dapr.PublishedAsync("pubsub", "nobody", Cancel);
        Assert.Equal(("air", "shop"), (published.Data<Order>()?.Item, published.AppId));
        Assert.Equal("tea", (await dapr.PublishedAsync("pubsub", "orders", Cancel)).Data<Order>()?.Item);
    }

    [Fact]
    public async Task A_refused_event_comes_again_when_its_time_comes()
    {
        await using var dapr = new TestDapr(new TestClock())
            .WithComponent("pubsub", "pubsub.in-memory", ("redeliverInterval", "10s"));
        var tries = 0;
        var orders = await dapr.StartAsync("orders", app => Subscriber(
            app, "orders", () => ++tries < 3 ? Results.StatusCode(500) : Results.Ok()), cancel: Cancel);

        Assert.Equal(DeliveryResult.Failed, Assert.Single(await dapr.PublishAsync("pubsub", "orders", 1, cancel: Cancel)).Result);
        await dapr.AdvanceAsync(TimeSpan.FromSeconds(9.9), Cancel);
        Assert.Equal(1, tries);
        await dapr.AdvanceAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.Equal(3, tries);
        Assert.Equal(DeliveryResult.Failed, (await orders.ReceivesEventAsync("orders", Cancel)).Result);
        Assert.Equal(DeliveryResult.Success, (await orders.ReceivesEventAsync("orders", Cancel)).Result);
    }

    internal static void Subscriber(WebApplication app, string topic, Func<IResult> handle, string? deadLetters = null)
    {
        var wanted = new { pubsubname = "pubsub", topic, route = "handle", deadLetterTopic = deadLetters };
        app.MapGet("/dapr/subscribe", () => new[] { wanted });
        app.MapPost("/handle", handle);
    }

    private sealed record Order(string Item);
}
