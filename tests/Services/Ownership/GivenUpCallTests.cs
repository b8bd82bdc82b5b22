using Dapr.Actors.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Samples.Owner;
using Xunit;

namespace Samples.Services.Ownership;

/// <summary>A call of the actor that takes too long: a sidecar cannot learn where actors live now while it has one under way.</summary>
public sealed class GivenUpCallTests
{
    [Fact]
    public async Task A_beat_that_gives_up_takes_its_request_back()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (asked, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var sidecar = builder.Build();
        sidecar.Urls.Add("http://127.0.0.1:0");
        sidecar.MapFallback(async (HttpContext http) =>
        {
            http.RequestAborted.Register(() => aborted.TrySetResult());
            asked.TrySetResult();
            await aborted.Task;
        });
        await sidecar.StartAsync(cancel);

        var folder = Directory.CreateTempSubdirectory("samples-ownership-").FullName;
        var options = new OwnerOptions
        {
            Ttl = TimeSpan.FromSeconds(2),
            Work = TimeSpan.FromMilliseconds(50),
            StateStore = "",
            LockStore = "",
            Ledger = "",
            Replica = "one",
            Data = folder,
        };
        using (var history = new BeliefHistory(options, TimeProvider.System))
        using (var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            var owner = new ActorOwnership(
                new ActorProxyFactory(new ActorProxyOptions { HttpEndpoint = sidecar.Urls.Single() }),
                options,
                history,
                TimeProvider.System);
            var beat = owner.BeatAsync(giveUp.Token);
            await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), cancel);
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => beat);
        }

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(30), cancel);
        Directory.Delete(folder, recursive: true);
    }
}
