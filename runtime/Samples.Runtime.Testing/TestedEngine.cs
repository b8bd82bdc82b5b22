using Samples.Runtime.Components;

namespace Samples.Runtime.Testing;

/// <summary>An engine behind a <see cref="ComponentLine"/>. The engine itself belongs to the runtime.</summary>
internal abstract class TestedEngine(ComponentLine line, IEngine engine) : IEngine
{
    public IReadOnlyList<string> Capabilities => engine.Capabilities;

    protected ComponentLine Line => line;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The engine of a component, for one application.</summary>
    public static IEngine Create(ComponentLine line, string appId, IEngine engine) => engine switch
    {
        IStateStore state => new State(line, state),
        IBroker broker => new Broker(line, broker, appId),
        IOutputBinding binding => new Output(line, binding),
        ILockStore locks => new Locks(line, locks),
        IConfigurationStore configuration => new Settings(line, configuration),
        ISecretStore secrets => new Secrets(line, secrets),
        _ => engine,
    };

    private sealed class State(ComponentLine line, IStateStore store) : TestedEngine(line, store), IStateStore
    {
        public Task<StateItem?> GetAsync(string key, CancellationToken cancel) =>
            Line.PassAsync(() => store.GetAsync(key, cancel), cancel);

        public Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel) =>
            Line.PassAsync(() => store.WriteAsync(writes, cancel), cancel);

        public Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
            Line.PassAsync(() => store.GetManyAsync(keys, cancel), cancel);

        public Task<IReadOnlyList<string>> KeysWithPrefixAsync(string prefix, CancellationToken cancel) =>
            Line.PassAsync(() => store.KeysWithPrefixAsync(prefix, cancel), cancel);

        public Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel) =>
            Line.PassAsync(() => store.DeleteWithPrefixAsync(prefix, cancel), cancel);
    }

    private sealed class Output(ComponentLine line, IOutputBinding binding) : TestedEngine(line, binding), IOutputBinding
    {
        public IReadOnlyList<string> Operations => binding.Operations;

        public Task<BindingResult> InvokeAsync(
            string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel) =>
            Line.PassAsync(() => binding.InvokeAsync(operation, data, metadata, cancel), cancel);
    }

    private sealed class Locks(ComponentLine line, ILockStore locks) : TestedEngine(line, locks), ILockStore
    {
        public Task<bool> TryLockAsync(string key, string owner, TimeSpan expiry, CancellationToken cancel) =>
            Line.PassAsync(() => locks.TryLockAsync(key, owner, expiry, cancel), cancel);

        public Task<UnlockStatus> UnlockAsync(string key, string owner, CancellationToken cancel) =>
            Line.PassAsync(() => locks.UnlockAsync(key, owner, cancel), cancel);
    }

    private sealed class Settings(ComponentLine line, IConfigurationStore store) : TestedEngine(line, store), IConfigurationStore
    {
        public Task<IReadOnlyDictionary<string, ConfigurationItem>> GetAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
            Line.PassAsync(() => store.GetAsync(keys, cancel), cancel);

        public Task<IAsyncDisposable> SubscribeAsync(
            IReadOnlyList<string> keys, Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed, CancellationToken cancel) =>
            Line.PassAsync(() => store.SubscribeAsync(keys, async items =>
            {
                await Line.WhenConnectedAsync(CancellationToken.None);
                await changed(items);
            }, cancel), cancel);
    }

    private sealed class Secrets(ComponentLine line, ISecretStore store) : TestedEngine(line, store), ISecretStore
    {
        public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancel) =>
            Line.PassAsync(() => store.GetAsync(name, cancel), cancel);

        public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancel) =>
            Line.PassAsync(() => store.GetAllAsync(cancel), cancel);
    }

    private sealed class Broker(ComponentLine line, IBroker broker, string appId) : TestedEngine(line, broker), IBroker
    {
        public async Task PublishAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel)
        {
            await Line.PassAsync(() => broker.PublishAsync(messages, cancel), cancel);
            foreach (var message in messages)
                Line.Published.Add(new PublishedEvent(appId, message));
        }

        public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel)
        {
            var member = new ComponentLine.Member(appId, subscription.Group, subscription.Topic);
            var running = await broker.SubscribeAsync(subscription with { Handler = HandleAsync }, cancel);
            Line.Join(member);
            return new Leaving(async () =>
            {
                Line.Leave(member);
                await running.DisposeAsync();
            });

            async Task<IReadOnlyList<Components.Delivery>> HandleAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken stop)
            {
                await Line.WhenConnectedAsync(stop);
                var answers = await subscription.Handler(messages, stop);
                foreach (var message in messages)
                    Line.Conclude(subscription.Group, message);
                return answers;
            }
        }

        private sealed class Leaving(Func<Task> leave) : IAsyncDisposable
        {
            public async ValueTask DisposeAsync() => await leave();
        }
    }
}
