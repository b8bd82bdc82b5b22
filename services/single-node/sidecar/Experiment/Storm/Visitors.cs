namespace Samples.Experiments.Sidecar.Storm;

/// <summary>
/// Clients that ask by HTTPS all the time, half of them over connections that they keep. What they are told is looked at: a greeting that
/// nobody stored, or a page of no commit, is as bad as none.
/// </summary>
/// <param name="site">Where they ask.</param>
/// <param name="path">A page that only they ask for, so that its lines in the log are theirs; the site does not have it.</param>
/// <param name="time">The clock.</param>
internal sealed class Visitors(SiteView site, string path, TimeProvider time)
{
    private const int Clients = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _good = [];
    private readonly List<(long From, long To, string Reason)> _failures = [];
    private readonly List<string> _invented = [];
    private int _asked;

    /// <summary>Requests so far.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Requests that got no answer, or another than the site's, with when they were under way.</summary>
    public IReadOnlyList<(long From, long To, string Reason)> Failures => _failures;

    /// <summary>Answers with what was never stored, or was stored to be refused.</summary>
    public IReadOnlyList<string> Invented => _invented;

    /// <summary>What the site may say from now on: a greeting, or the mark of a commit.</summary>
    public void Allow(string text)
    {
        lock (_gate)
            _good.Add(text);
    }

    /// <summary>Asks until the end.</summary>
    public Task RunAsync(CancellationToken end) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => VisitAsync(isKept: i % 2 == 0, end), CancellationToken.None)));

    private async Task VisitAsync(bool isKept, CancellationToken end)
    {
        using var kept = isKept ? site.Connect() : null;
        for (var number = 0; !end.IsCancellationRequested; number++)
        {
            using var fresh = isKept ? null : site.Connect();
            var asked = (number % 3) switch { 0 => "", 1 => "mark.txt", _ => path };
            var from = time.GetTimestamp();
            Interlocked.Increment(ref _asked);
            try
            {
                using var answer = await (kept ?? fresh!).GetAsync(
                    new Uri($"https://127.0.0.1:{site.HttpsPort}/{asked}"), CancellationToken.None);
                var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
                Judge(asked, (int)answer.StatusCode, text.TrimEnd('\n'), from);
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException)
            {
                Fail(from, error.GetBaseException().Message);
            }

            await Task.Delay(Pause, time, CancellationToken.None);
        }
    }

    private void Judge(string asked, int status, string text, long from)
    {
        if (status != (asked == path ? 404 : 200))
            Fail(from, $"{status} to /{asked}");
        else if (asked != path)
        {
            lock (_gate)
            {
                if (!_good.Contains(text))
                    _invented.Add($"/{asked}: '{(text.Length < 80 ? text : text[..80])}'");
            }
        }
    }

    private void Fail(long from, string reason)
    {
        lock (_gate)
            _failures.Add((from, time.GetTimestamp(), reason));
    }
}
