using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Samples.Defaults;
using Samples.OrderSource;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Services.EventDriven;

/// <summary>The folder that a flow begins with: which files count, when, and how often.</summary>
public sealed class OrderSourceTests : IAsyncDisposable
{
    private const string Broker = "orderedpubsub";

    // Nothing ticks here but the test.
    private readonly TestDapr _dapr = new TestDapr()
        .WithComponent("statestore", "state.in-memory")
        .WithComponent(Broker, "pubsub.in-memory")
        .WithComponent("order-files", "bindings.localstorage", ("rootPath", "{dataDir}/orders"));

    [Theory]
    [InlineData("a.csv", true)]
    [InlineData("A.JSONL", true)]
    [InlineData("a.json", true)]
    [InlineData("a.csv.part", false)]
    [InlineData(".a.csv", false)]
    [InlineData("a.txt", false)]
    public void Files_of_orders_are_told_by_their_names(string name, bool isOne) => Assert.Equal(isOne, OrderFolder.IsOrders(name));

    [Theory]
    [InlineData("SETTLED_SECONDS", "soon")]
    [InlineData("ENCODING", "utf-9")]
    [InlineData("MAX_FILE_MB", "0")]
    public void A_setting_that_cannot_be_read_is_an_error_at_the_start(string name, string value) => Assert.Contains(
        name,
        Assert.Throws<WrongSettingException>(() => SourceOptions.From(
            new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build())).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task A_file_counts_once_its_content_stays_as_it_is()
    {
        var source = await StartAsync();
        Write("a.csv", 1);
        await TickAsync(source);
        // Somebody is still copying it.
        Write("a.csv", 1, 2);
        await TickAsync(source);
        await TickAsync(source);
        Assert.Equal(["1", "2"], await OrdersAsync(2));
        Assert.Equal(2, await OutAsync(source));
    }

    [Fact]
    public async Task The_same_file_again_brings_nothing_new_and_a_changed_one_all_of_it()
    {
        var source = await StartAsync();
        Write("a.csv", 1);
        await TickAsync(source);
        await TickAsync(source);
        Write("b.csv", 1);
        await TickAsync(source);
        await TickAsync(source);
        Write("a.csv", 1, 2);
        await TickAsync(source);
        await TickAsync(source);
        Assert.Equal(["1", "1", "2"], await OrdersAsync(3));
        Assert.Equal(3, await OutAsync(source));
    }

    [Fact]
    public async Task A_source_that_starts_again_knows_what_it_has_read()
    {
        var source = await StartAsync();
        Write("a.csv", 1);
        await TickAsync(source);
        await TickAsync(source);
        Assert.Equal(["1"], await OrdersAsync(1));
        await source.StopAsync();
        source = await StartAsync();
        await TickAsync(source);
        Write("b.csv", 2);
        await TickAsync(source);
        await TickAsync(source);
        Assert.Equal(["2"], await OrdersAsync(1));
        Assert.Equal(1, await OutAsync(source));
    }

    [Fact]
    public async Task A_tick_while_a_look_is_under_way_is_passed_over()
    {
        var source = await StartAsync();
        using var slow = _dapr.Break("order-files", Fault.Slow(TimeSpan.FromMinutes(10)));
        var first = TickAsync(source);
        await slow.WhenHitAsync();
        await TickAsync(source);
        var runs = await source.Http.GetFromJsonAsync<JsonElement>("/runs", Cancel);
        Assert.Equal((1, 1), (runs.GetProperty("looks").GetInt32(), runs.GetProperty("passedOver").GetInt32()));
        await source.StopAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => first);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<TestApp> StartAsync()
    {
        var info = new ProcessStartInfo("dotnet", [Checkout.Assembly("Samples.OrderSource")]);
        foreach (var (name, value) in ((string, string)[])[("OUTPUTS", "orders"), ("SETTLED_SECONDS", "0"), ("LOOK_AGAIN_SECONDS", "0")])
            info.Environment[name] = value;
        return _dapr.StartAsync("order-source", info, Cancel);
    }

    private static async Task TickAsync(TestApp source)
    {
        using var answer = await source.Http.PostAsync("/order-tick", content: null, Cancel);
        answer.EnsureSuccessStatusCode();
    }

    private void Write(string name, params int[] numbers)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_dapr.Folder, "orders")).FullName;
        var rows = string.Concat(numbers.Select(n => $"{n},ada,DE,paid,1,2.50\n"));
        File.WriteAllText(Path.Combine(folder, name), "order,customer,country,status,quantity,amount\n" + rows);
    }

    private async Task<string[]> OrdersAsync(int count)
    {
        var orders = new string[count];
        for (var n = 0; n < count; n++)
        {
            var published = await _dapr.PublishedAsync(Broker, "orders", Cancel);
            orders[n] = published.Data<JsonElement>().GetProperty("order").GetString()!;
        }

        return orders;
    }

    private static async Task<int> OutAsync(TestApp source) => (await source.Http.GetFromJsonAsync<JsonElement>("/counts", Cancel))
        .GetProperty("out").GetProperty("orders").GetInt32();

    public ValueTask DisposeAsync() => _dapr.DisposeAsync();
}
