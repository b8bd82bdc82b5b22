using System.Diagnostics;

namespace Samples.Benchmarks.Replicated;

/// <summary>
/// Clients that ask at fixed times, whether or not earlier answers have come, as the many clients of a service do. A latency counts from
/// the time at which the request was due: a server that stops for a while cannot hide that.
/// </summary>
internal static class OpenLoop
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>What it saw.</summary>
    /// <param name="Milliseconds">The latency of each answered request.</param>
    /// <param name="Failed">Requests with no answer, or another than 200.</param>
    public sealed record Result(IReadOnlyList<double> Milliseconds, int Failed);

    /// <summary>Asks so often a second for so long.</summary>
    public static async Task<Result> RunAsync(string address, int perSecond, TimeSpan duration, CancellationToken cancel)
    {
        var (began, asked) = (Stopwatch.GetTimestamp(), new List<Task<double?>>());
        var interval = TimeSpan.FromSeconds(1.0 / perSecond);
        for (var due = TimeSpan.Zero; due < duration; due += interval)
        {
            if (due - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } wait)
                await Task.Delay(wait, cancel);
            asked.Add(AskAsync(address, began, due, cancel));
        }

        var answers = await Task.WhenAll(asked);
        return new Result([.. answers.OfType<double>()], answers.Count(a => a is null));
    }

    private static async Task<double?> AskAsync(string address, long began, TimeSpan due, CancellationToken cancel)
    {
        try
        {
            using var answer = await Http.GetAsync(address, cancel);
            return answer.IsSuccessStatusCode ? (Stopwatch.GetElapsedTime(began) - due).TotalMilliseconds : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
