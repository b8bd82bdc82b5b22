using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using CsCheck;
using Samples.Conformance.Redis;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Unit;

/// <summary>
/// Random histories of publishing, joining, leaving, dying handlers, refusals and restarts, against a model that only counts: what was
/// published to a group since it exists is handled by it, and by one member at a time.
/// </summary>
public sealed class BrokerModelTests
{
    private static readonly string[] Groups = ["a", "b"];

    public static TheoryData<string> Engines => ["pubsub.in-memory", "pubsub.sqlite"];

    [Theory(Timeout = 120_000), MemberData(nameof(Engines))]
    public Task Every_group_handles_what_was_published_since_it_exists(string engine) =>
        HoldsAsync(engine, iterations: 40, TestContext.Current.CancellationToken);

    [Fact(Timeout = 120_000)]
    public async Task So_it_is_on_Redis()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var server = await RedisServer.StartAsync(cancel);
        await HoldsAsync("pubsub.redis", iterations: 15, cancel, ("redisHost", server.Host));
    }

    private static async Task HoldsAsync(
        string engine, int iterations, CancellationToken cancel, params (string Name, string Value)[] settings)
    {
        var step = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1], Gen.Int[1, 5]);
        await step.Array[1, 25].SampleAsync(async steps =>
        {
            await using var bench = new BrokerBench();
            var history = new History(bench, engine, settings);
            await history.OpenAsync();
            foreach (var (action, group, count) in steps)
            {
                await (action switch
                {
                    < 5 => history.PublishAsync(count),
                    < 7 => history.JoinAsync(Groups[group]),
                    7 or 8 => history.LeaveAsync(Groups[group]),
                    _ => history.RestartAsync(),
                });
            }

            await history.SettleAsync(cancel);
        }, iter: iterations, threads: 1);
    }

    private sealed class History(BrokerBench bench, string engine, (string Name, string Value)[] settings)
    {
        private readonly Dictionary<string, HashSet<string>> _owed = [];
        private readonly Dictionary<string, List<IAsyncDisposable>> _members = Groups.ToDictionary(
            g => g, _ => new List<IAsyncDisposable>());
        private readonly ConcurrentDictionary<(string Group, string Message), int> _inHand = [];
        private readonly ConcurrentDictionary<(string Group, string Message), int> _tries = [];
        private readonly ConcurrentDictionary<(string Group, string Message), byte> _handled = [];
        private readonly ConcurrentQueue<string> _broken = [];
        private readonly Channel<bool> _progress = Channel.CreateUnbounded<bool>();
        // Redis keeps the topics of the histories before.
        private readonly string _topic = Guid.NewGuid().ToString();
        private IBroker _broker = null!;
        private int _next;

        public async Task OpenAsync() =>
            _broker = await bench.OpenAsync(engine, null, [("redeliverInterval", "1ms"), ("concurrency", "3"), .. settings]);

        public async Task PublishAsync(int count)
        {
            var messages = Enumerable.Range(0, count).Select(_ => $"{_next++}").ToArray();
            // A topic without a group: what the first one gets of it is the engine's matter.
            foreach (var owed in _owed.Values)
                owed.UnionWith(messages);
            await _broker.PublishAsync(
                [.. messages.Select(m => new BrokerMessage(_topic, Encoding.UTF8.GetBytes(m), null, new Dictionary<string, string>()))],
                CancellationToken.None);
        }

        public async Task JoinAsync(string group)
        {
            _members[group].Add(
                await _broker.SubscribeAsync(
                    new BrokerSubscription(group, _topic, async (messages, _) => [await HandleAsync(group, messages[0])]),
                    CancellationToken.None));
            _owed.TryAdd(group, []);
        }

        public async Task LeaveAsync(string group)
        {
            if (_members[group].Count == 0)
                return;
            await _members[group][0].DisposeAsync();
            _members[group].RemoveAt(0);
        }

        public async Task RestartAsync()
        {
            // Memory forgets by nature.
            if (engine == "pubsub.in-memory")
                return;
            foreach (var member in _members.Values.SelectMany(m => m))
                await member.DisposeAsync();
            foreach (var members in _members.Values)
                members.Clear();
            await bench.CloseAsync(_broker);
            await OpenAsync();
        }

        public async Task SettleAsync(CancellationToken cancel)
        {
            foreach (var group in _owed.Keys)
                await JoinAsync(group);
            while (_owed.Any(o => o.Value.Any(m => !_handled.ContainsKey((o.Key, m)))))
                await _progress.Reader.ReadAsync(cancel);
            Assert.Empty(_broken);
            foreach (var member in _members.Values.SelectMany(m => m))
                await member.DisposeAsync();
        }

        // What becomes of a try is decided by the message, so that a failing history fails again.
        private async Task<Delivery> HandleAsync(string group, BrokerMessage message)
        {
            var key = (group, Encoding.UTF8.GetString(message.Data.Span));
            if (_inHand.AddOrUpdate(key, 1, (_, n) => n + 1) > 1)
                _broken.Enqueue($"{key} is in two hands");
            if (_handled.ContainsKey(key))
                _broken.Enqueue($"{key} came again after it was handled");
            await Task.Yield();
            var attempt = _tries.AddOrUpdate(key, 1, (_, n) => n + 1);
            _inHand.AddOrUpdate(key, 0, (_, n) => n - 1);
            var fate = (int.Parse(key.Item2) + attempt) % 4;
            if (attempt < 4 && fate == 0)
                throw new InvalidOperationException("died");
            if (attempt < 4 && fate == 1)
                return Delivery.Retry;
            _handled[key] = 0;
            _progress.Writer.TryWrite(true);
            return Delivery.Done;
        }
    }
}
