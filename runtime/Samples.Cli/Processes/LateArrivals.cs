namespace Samples.Cli.Processes;

/// <summary>Waits for applications that were not ready in time, and says of each once when it is; it may never be.</summary>
internal sealed class LateArrivals : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _closing = new();
    private readonly Task _waiting;

    private LateArrivals(IReadOnlyList<Unready> unready, Action<string, string> say) =>
        _waiting = Task.WhenAll(unready.Select(u => AwaitAsync(u.Member, say, _closing.Token)));

    /// <summary>Waits until disposal.</summary>
    /// <param name="unready">Whom for.</param>
    /// <param name="say">Gets the replica's name and a line.</param>
    public static LateArrivals Await(IReadOnlyList<Unready> unready, Action<string, string> say) => new(unready, say);

    private static async Task AwaitAsync(Member member, Action<string, string> say, CancellationToken cancel)
    {
        // Its process, and its sidecar too, may be others meanwhile.
        while (!(Readiness.IsAsked(member) || member.Sidecar.AppReady) || !await Readiness.IsReadyAsync(member, cancel))
            await Task.Delay(BetweenLooks, cancel);
        say(member.Name, $"info: is ready now, on port {member.AppPort}");
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }
}
