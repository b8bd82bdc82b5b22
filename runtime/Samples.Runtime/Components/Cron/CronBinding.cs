using Microsoft.Extensions.Logging;
using Samples.Runtime.Clocks;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Cron;

/// <summary>
/// Calls the application on a schedule. A call that outlasts its interval delays the next: one application has one tick at a time.
/// </summary>
public sealed class CronBinding(CronSchedule schedule, TimeProvider time, ILogger log) : IInputBinding
{
    /// <summary><c>bindings.cron</c>.</summary>
    public static EngineType Type { get; } = new(
        "bindings.cron", [new("schedule", Required: true), new("direction"), new("route")], Create);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => ["INPUT_BINDING"];

    /// <inheritdoc/>
    public Task<IAsyncDisposable> StartAsync(
        string appId, Func<BindingEvent, CancellationToken, Task<ReadOnlyMemory<byte>>> handler, CancellationToken cancel)
    {
        var (stop, abandon) = (new CancellationTokenSource(), new CancellationTokenSource());
        return Task.FromResult<IAsyncDisposable>(new Running(TickAsync(handler, stop.Token, abandon.Token), stop, abandon));
    }

    private async Task TickAsync(
        Func<BindingEvent, CancellationToken, Task<ReadOnlyMemory<byte>>> handler, CancellationToken stop, CancellationToken abandon)
    {
        var due = schedule.Next(time.GetUtcNow(), time.LocalTimeZone);
        IDisposable? hold = null;
        while (due is { } at)
        {
            try
            {
                hold = await WaitAsync(at, hold, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                var now = time.GetUtcNow();
                await handler(new BindingEvent(default, new Dictionary<string, string>
                {
                    ["readTimeUTC"] = now.UtcDateTime.ToString(
                        "yyyy-MM-dd HH:mm:ss.fffffff' +0000 UTC'", System.Globalization.CultureInfo.InvariantCulture),
                    ["timeZone"] = "Local",
                }), abandon);
            }
            catch (Exception error)
            {
                // A tick has nobody to be told: the next one comes anyway.
                log.LogWarning("a tick was not handled: {Problem}", error.Message);
            }

            // From the time that was due, not from now: the rhythm does not drift. What was missed meanwhile is skipped.
            due = schedule.Next(at, time.LocalTimeZone);
            if (due < time.GetUtcNow())
                due = schedule.Next(time.GetUtcNow(), time.LocalTimeZone);
        }

        hold?.Dispose();
    }

    // Lets the clock go on once a timer is set, and holds it again from the moment that it rings.
    private async Task<IDisposable?> WaitAsync(DateTimeOffset due, IDisposable? hold, CancellationToken stop)
    {
        while (due - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            var rung = new TaskCompletionSource<IDisposable?>();
            // Whole milliseconds, not too early; in days at most: a timer cannot hold more than about fifty.
            var pause = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(left.TotalMilliseconds, TimeSpan.MillisecondsPerDay)));
            await using var timer = time.CreateTimer(_ => Ring(rung), null, pause, Timeout.InfiniteTimeSpan);
            await using var stopping = stop.Register(() => rung.TrySetCanceled(stop));
            hold?.Dispose();
            hold = await rung.Task;
        }

        if (stop.IsCancellationRequested)
            hold?.Dispose();
        stop.ThrowIfCancellationRequested();
        return hold;
    }

    private void Ring(TaskCompletionSource<IDisposable?> rung)
    {
        var hold = time.Hold();
        if (!rung.TrySetResult(hold))
            hold?.Dispose();
    }

    private static CronBinding Create(Component component, EngineContext context)
    {
        var text = component.Metadata["schedule"];
        try
        {
            return new CronBinding(CronSchedule.Parse(text), context.Time, context.Loggers.CreateLogger("binding." + component.Name));
        }
        catch (FormatException error)
        {
            throw new ResourceException(component.MetadataOrigins.GetValueOrDefault("schedule", component.Origin),
                $"'schedule' of component '{component.Name}' is '{text}': {error.Message}.",
                "For example '@every 5s', '@daily', '*/15 * * * *' or '0 30 9 * * *' (with seconds).");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Running(Task ticking, CancellationTokenSource stop, CancellationTokenSource abandon) : IAsyncDisposable
    {
        // A tick that runs may finish, but cannot hold up the sidecar's end for ever.
        private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            abandon.CancelAfter(Grace);
            await ticking;
            stop.Dispose();
            abandon.Dispose();
        }
    }
}
