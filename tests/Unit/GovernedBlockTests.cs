using Microsoft.Extensions.Logging.Abstractions;
using Samples.Runtime;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>What an application asks of a store or a broker that fails is tried again as the policies say.</summary>
public sealed class GovernedBlockTests : IAsyncDisposable
{
    private readonly Faulty _engine = new();

    [Theory, InlineData(2, 2, true), InlineData(3, 2, false)]
    public async Task State_and_publishing_are_tried_again(int failures, int retries, bool succeeds)
    {
        var cancel = TestContext.Current.CancellationToken;
        var context = Context(retries);
        foreach (var ask in (Func<Task>[])
        [
            () => new StateBlock(context).GetAsync("faulty", "k", cancel),
            () => new StateBlock(context).SaveAsync("faulty", [new StateWrite.Set("k", "1"u8.ToArray())], cancel),
            () => new StateBlock(context).DeleteAsync("faulty", new StateWrite.Delete("k"), cancel),
            () => new StateBlock(context).TransactAsync(
                "faulty", [new TransactionWrite(new StateWrite.Delete("k"), new Dictionary<string, string>(), default)], default, cancel),
            () => new PubSubBlock(context).PublishAsync(
                "faulty", "t", new Publication("1"u8.ToArray(), null, new Dictionary<string, string>()), default, cancel),
        ])
        {
            _engine.Left = failures;
            _engine.Calls = 0;
            if (succeeds)
                await ask();
            else
                Assert.IsNotType<OperationCanceledException>(await Assert.ThrowsAnyAsync<Exception>(ask));
            Assert.Equal(1 + retries, _engine.Calls);
        }
    }

    [Theory, InlineData(2, 2), InlineData(3, 2)]
    public async Task Locks_secrets_and_configuration_are_tried_again_and_fail_with_their_own_code(int failures, int retries)
    {
        var context = Context(retries);
        foreach (var kind in (ComponentKind[])[ComponentKind.Lock, ComponentKind.Secretstore, ComponentKind.Configuration])
        {
            _engine.Left = failures;
            _engine.Calls = 0;
            var asked = context.Policies.GovernAsync(
                "faulty", kind, "ERR_OWN", "it failed", stop => _engine.GetAsync("k", stop), TestContext.Current.CancellationToken);
            if (failures <= retries)
            {
                Assert.Null(await asked);
            }
            else
            {
                var error = await Assert.ThrowsAsync<ApiException>(() => asked);
                Assert.Equal(
                    (500, "ERR_OWN", "it failed: the server does not answer"), (error.HttpStatus, error.ErrorCode, error.Message));
            }

            Assert.Equal(1 + retries, _engine.Calls);
        }
    }

    private SidecarContext Context(int retries)
    {
        var names = new Dictionary<string, PolicyNames> { ["faulty"] = new(null, "r", null) };
        var none = new Dictionary<string, PolicyNames>();
        var resiliency = new Resiliency(
            new Dictionary<string, TimeSpan>(),
            new Dictionary<string, RetryPolicy> { ["r"] = new(false, TimeSpan.Zero, TimeSpan.Zero, retries) },
            new Dictionary<string, BreakerPolicy>(), none, none, none, names, []);
        return new SidecarContext("app1", "default", new Lookup(_engine), new NoApp(), TimeProvider.System, NullLoggerFactory.Instance)
        {
            Policies = new Policies([resiliency], TimeProvider.System),
        };
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    /// <summary>A store and a broker that fails as often as it is told to.</summary>
    private sealed class Faulty : IStateStore, IBroker
    {
        public int Left { get; set; }

        public int Calls { get; set; }

        public IReadOnlyList<string> Capabilities => [];

        public Task<StateItem?> GetAsync(string key, CancellationToken cancel) => Work<StateItem?>(null);

        public Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel) => Work(true);

        public Task PublishAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel) => Work(true);

        public Task<IReadOnlyList<string>> KeysWithPrefixAsync(string prefix, CancellationToken cancel) => Work<IReadOnlyList<string>>([]);

        public Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel) => Work(0L);

        public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private Task<T> Work<T>(T answer)
        {
            Calls++;
            return Left-- > 0 ? Task.FromException<T>(new IOException("the server does not answer")) : Task.FromResult(answer);
        }
    }

    private sealed class Lookup(IEngine engine) : IComponentLookup
    {
        public IReadOnlyList<(Component Component, IEngine Engine)> All { get; } =
            [(new Component("faulty", "state.faulty", "v1", new Dictionary<string, string>(), Origin.Code), engine)];

        public T? Find<T>(string name) where T : class, IEngine => name == "faulty" ? All[0].Engine as T : null;
    }

    private sealed class NoApp : IAppChannel
    {
        public bool IsAvailable => false;

        public Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            HttpCompletionOption completion,
            CancellationToken cancel) => throw new HttpRequestException("no application");
    }
}
