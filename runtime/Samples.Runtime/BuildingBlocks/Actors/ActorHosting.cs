using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// One replica's part in placement: asks the application which actors it has, joins, watches its health, leaves. Health is any answer
/// to <c>/healthz</c> below 500 in time; an application without that endpoint is as healthy as it answers.
/// </summary>
internal sealed class ActorHosting(SidecarContext context) : IAsyncDisposable
{
    private readonly ActorSystem _actors = context.Actors;
    // The application's life and the sidecar's end come from different sides.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private CancellationTokenSource? _watching;
    private Task _watch = Task.CompletedTask;

    /// <summary>Null where the application has no actors, or is not there.</summary>
    public ActorHost? Host { get; private set; }

    /// <summary>How many actors of each type are active on this replica; a type without any is absent.</summary>
    public IReadOnlyDictionary<string, int> Count(ActorHost host) => _actors.Count(host);

    /// <summary>Joins: completes when the application's actors can be called, or it has none.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            await LeaveAsync();
            if (await AskAsync(cancel) is not { Count: > 0 } types)
                return;
            var host = Host = new ActorHost(context.Replica, context.App, types);
            // Until its first healthy answer it is a suspended one.
            host.Suspend();
            _actors.Inherit(host);
            _watching = new CancellationTokenSource();
            await ProbeAsync(host, 0, cancel);
            _watch = WatchAsync(host, _watching.Token);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Leaves: completes when the replica's turns are over, or have been waited for long enough.</summary>
    public async Task StopAsync()
    {
        await _gate.WaitAsync();
        try
        {
            await LeaveAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _gate.Dispose();
    }

    private async Task LeaveAsync()
    {
        if (_watching is not { } watching)
            return;
        await watching.CancelAsync();
        await _watch;
        watching.Dispose();
        (_watching, _watch) = (null, Task.CompletedTask);
        var host = Host!;
        Host = null;
        await _actors.LeaveAsync(host, appStays: context.App.IsAvailable);
    }

    private async Task<IReadOnlyDictionary<string, ActorSettings>?> AskAsync(CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/dapr/config") { Content = new ByteArrayContent([]) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.TryAddWithoutValidation("dapr-app-id", context.AppId);
            using var response = await context.App.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            return response.IsSuccessStatusCode ? ActorTypes.Parse(await response.Content.ReadAsByteArrayAsync(cancel)) : null;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException)
        {
            _actors.Log.LogWarning(
                "the application '{App}' could not be asked for its actors at /dapr/config: {Problem}", context.AppId, error.Message);
            return null;
        }
    }

    private async Task WatchAsync(ActorHost host, CancellationToken stop)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                await Task.Delay(_actors.Health.Interval, context.Time, stop);
                failures = await ProbeAsync(host, failures, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The replica leaves.
        }
    }

    private async Task<int> ProbeAsync(ActorHost host, int failures, CancellationToken cancel)
    {
        try
        {
            if (await host.AnswersAsync(_actors.Health.Timeout, context.Time, cancel))
            {
                if (host.IsSuspended)
                {
                    await host.ResumeAsync(cancel);
                    _actors.Placement.Join(host);
                }

                return 0;
            }
        }
        catch (HttpRequestException)
        {
            // As good as no answer.
        }

        if (++failures >= _actors.Health.Failures && !host.IsSuspended)
        {
            _actors.Log.LogWarning("{Replica} does not answer health probes: it gets no actors until it does", host.Name);
            _actors.Suspend(host);
        }

        return failures;
    }
}
