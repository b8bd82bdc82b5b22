using System.Collections.Concurrent;
using System.Text;
using Microsoft.Data.Sqlite;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Unit;

/// <summary>A process that hosts the durable broker is killed at random points, again and again, over one file.</summary>
public sealed class BrokerKillTests : IAsyncDisposable
{
    private static readonly string[] Groups = ["all", "even"];

    private readonly BrokerBench _bench = new();

    [Fact(Timeout = 120_000)]
    public async Task No_acknowledged_message_is_lost_whenever_the_process_is_killed()
    {
        var cancel = TestContext.Current.CancellationToken;
        var published = new HashSet<string>();
        var handled = Groups.ToDictionary(g => g, _ => new ConcurrentDictionary<string, byte>());
        for (var round = 0; round < 6; round++)
        {
            var lines = await KilledProcess.RunAsync(Random.Shared.Next(1, 1500), _bench.File, $"{1 + (round * 1_000_000)}");
            foreach (var line in lines)
            {
                var words = line.Split(' ');
                if (words[0] == "p")
                    published.Add(words[1]);
                else
                    handled[words[1]].TryAdd(words[2], 0);
            }
        }

        Assert.NotEmpty(published);
        var broker = await _bench.OpenAsync("pubsub.sqlite");
        // One more than are missing: it may be that none is.
        using var missing = new CountdownEvent(1 + Groups.Sum(g => published.Count(n => !handled[g].ContainsKey(n))));
        foreach (var group in Groups)
        {
            await broker.SubscribeAsync(new BrokerSubscription(group, "t", (messages, _) =>
            {
                var number = Encoding.UTF8.GetString(messages[0].Data.Span);
                if (handled[group].TryAdd(number, 0) && published.Contains(number))
                    missing.Signal();
                return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Done]);
            }), cancel);
        }

        missing.Signal();
        await Task.Run(() => missing.Wait(cancel), cancel);
        await _bench.CloseAsync(broker);
        Assert.Equal(0, Count("messages"));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_file_holds_only_what_is_left_to_do()
    {
        var cancel = TestContext.Current.CancellationToken;
        var broker = await _bench.OpenAsync("pubsub.sqlite");
        using var done = new CountdownEvent(3000);
        await SubscribeAsync("g");
        var absent = await SubscribeAsync("absent");
        await absent.DisposeAsync();
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => PublishAsync("t", $"{i}")));
        for (var i = 0; i < 1500; i++)
            await PublishAsync("nobody", $"{i}");
        await Task.Run(() => done.Wait(cancel), cancel);
        await _bench.CloseAsync(broker);
        // One group has not seen them: all of its topic stay. A topic without a group keeps its last ones for the first group.
        Assert.Equal(3000 + 1000, Count("messages"));
        broker = await _bench.OpenAsync("pubsub.sqlite");
        done.Reset(3000 + 1000);
        await SubscribeAsync("absent");
        await SubscribeAsync("first", "nobody");
        await Task.Run(() => done.Wait(cancel), cancel);
        await _bench.CloseAsync(broker);
        Assert.Equal((0, 0), (Count("messages"), Count("handled")));

        Task PublishAsync(string topic, string text) =>
            broker.PublishAsync([new BrokerMessage(topic, Encoding.UTF8.GetBytes(text), null, new Dictionary<string, string>())], cancel);
        Task<IAsyncDisposable> SubscribeAsync(string group, string topic = "t") => broker.SubscribeAsync(
            new BrokerSubscription(group, topic, (_, _) =>
        {
            done.Signal();
            return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Done]);
        }), cancel);
    }

    [Fact]
    public async Task A_second_process_is_told_that_the_file_is_in_use()
    {
        await _bench.OpenAsync("pubsub.sqlite");
        await using var second = new BrokerBench();
        var error = await Assert.ThrowsAsync<IOException>(
            () => second.OpenAsync("pubsub.sqlite", null, ("connectionString", _bench.File)));
        Assert.Contains("another runtime uses", error.Message);
    }

    private long Count(string table)
    {
        using var connection = new SqliteConnection($"Data Source={_bench.File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}
