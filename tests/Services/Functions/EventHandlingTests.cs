using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Samples.FunctionHost;
using Xunit;
using EventHandling = Samples.FunctionHost.EventHandling;

namespace Samples.Services.Functions;

/// <summary>An event in effect once, whatever becomes of its tries.</summary>
public sealed class EventHandlingTests : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly KeptLog<EventHandling> _log = new();
    private readonly Counts _counts = new();

    [Fact]
    public async Task What_was_done_is_dropped_when_it_comes_again()
    {
        var effects = new ConcurrentBag<string>();
        var handling = await CreateAsync(new Function(call => { effects.Add(call.Id); return Task.CompletedTask; }));
        Assert.True(await handling.HandleAsync(Event("a"), default, Machine.Cancel));
        Assert.True(await handling.HandleAsync(Event("a"), default, Machine.Cancel));
        Assert.Equal(["a"], effects);
        Assert.Equal(1, _counts.Read().Dropped);
    }

    [Fact]
    public async Task Work_that_always_takes_longer_than_the_limit_has_its_effect_under_one_key_and_is_parked_after_its_tries()
    {
        var effects = new ConcurrentDictionary<string, int>();
        // It does not heed its limit either.
        var never = new TaskCompletionSource();
        var handling = await CreateAsync(
            new Function(call => { effects.AddOrUpdate(call.Id, 1, (_, n) => n + 1); return never.Task; }),
            ("EXEC_TIMEOUT", "50ms"), ("MAX_FAILURES", "3"));
        Assert.False(await handling.HandleAsync(Event("slow"), Envelope, Machine.Cancel));
        Assert.False(await handling.HandleAsync(Event("slow"), Envelope, Machine.Cancel));
        Assert.True(await handling.HandleAsync(Event("slow"), Envelope, Machine.Cancel));
        Assert.True(await handling.HandleAsync(Event("slow"), Envelope, Machine.Cancel));
        Assert.Equal(("slow", 3), (Assert.Single(effects.Keys), effects["slow"]));
        Assert.Equal((1, 1), (_counts.Read().Parked, _counts.Read().Dropped));
        Assert.Contains(_log.Messages, m => m.Contains("is given up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_try_that_ended_with_the_process_was_noted_before_it_began_and_one_that_always_does_is_parked()
    {
        var tries = 0;
        var never = new TaskCompletionSource();
        var handling = await CreateAsync(new Function(_ => { tries++; return never.Task; }), ("MAX_LOSSES", "2"));
        for (var i = 0; i < 2; i++)
        {
            using var death = new CancellationTokenSource();
            var dying = handling.HandleAsync(Event("deadly"), Envelope, death.Token);
            await _machine.WaitAsync("the try", () => Task.FromResult(tries == i + 1));
            await death.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dying);
        }

        Assert.True(await handling.HandleAsync(Event("deadly"), Envelope, Machine.Cancel));
        Assert.Equal((2, 1), (tries, _counts.Read().Parked));
    }

    [Fact]
    public async Task After_a_failure_it_is_tried_again_and_then_done()
    {
        var tries = 0;
        var handling = await CreateAsync(new Function(_ => ++tries < 3 ? throw new IOException("not now") : Task.CompletedTask));
        Assert.False(await handling.HandleAsync(Event("a"), Envelope, Machine.Cancel));
        Assert.False(await handling.HandleAsync(Event("a"), Envelope, Machine.Cancel));
        Assert.True(await handling.HandleAsync(Event("a"), Envelope, Machine.Cancel));
        Assert.Equal(3, tries);
    }

    [Theory]
    [InlineData("10s", 10)]
    [InlineData("1m30s", 90)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5h", 5400)]
    [InlineData("7", 7)]
    public void Durations_are_read_as_OpenFaaS_writes_them(string text, double seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds), GoDuration.Read(Settings(("EXEC_TIMEOUT", text)), "EXEC_TIMEOUT", TimeSpan.Zero));

    [Theory]
    [InlineData("soon")]
    [InlineData("-1s")]
    [InlineData("0s")]
    [InlineData("1d")]
    [InlineData("10s ")]
    [InlineData("99999999999h")]
    public void A_duration_that_is_none_is_an_error_at_the_start(string text) => Assert.Contains(
        "EXEC_TIMEOUT",
        Assert.Throws<Samples.Defaults.WrongSettingException>(() => FunctionOptions.From(Settings(("EXEC_TIMEOUT", text)))).Message,
        StringComparison.Ordinal);

    private static JsonElement Envelope => JsonDocument.Parse("""{"id":"x","data":{}}""").RootElement;

    private static FunctionCall Event(string id) => new(id, default, default, []);

    private static IConfiguration Settings(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build();

    private async Task<EventHandling> CreateAsync(IFunction function, params (string, string)[] settings)
    {
        var sidecar = await _machine.AddSidecarAsync("function");
        var dapr = new DaprClientBuilder().UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}").Build();
        var options = FunctionOptions.From(Settings(settings));
        var calls = new Calls(function, options, _counts, new ColdStart(TimeProvider.System));
        return new EventHandling(
            calls, new EventBook(dapr, options, "function"), dapr, options, _counts, new Switches(), "function", _log);
    }

    private sealed class Function(Func<FunctionCall, Task> handle) : IFunction
    {
        public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
        {
            await handle(call);
            return null;
        }
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
