using System.Net;
using Samples.Runtime.Resources;

namespace Samples.Cli.Processes;

/// <summary>Waits until applications are ready.</summary>
internal static class Readiness
{
    private const int EndingsAtStart = 5;
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>Completes when every application listens and says that it is ready.</summary>
    public static async Task WaitAsync(IReadOnlyList<Member> members, TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        foreach (var member in members.Where(m => m.AppPort is not null))
        {
            try
            {
                var listens = member.Sidecar.WaitForAppAsync(limit.Token);
                while (!listens.IsCompleted || !await IsReadyAsync(member, limit.Token))
                {
                    if (member.Endings >= EndingsAtStart)
                        throw NotReady(member, $"ended {EndingsAtStart} times before it was ready.");
                    await Task.Delay(20, limit.Token);
                }

                await listens;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw NotReady(member, $"was not ready within {patience.TotalSeconds:0} s.");
            }
        }
    }

    private static ResourceException NotReady(Member member, string what) => new(
        Origin.Code, $"'{member.Name}' {what}",
        member.LastLines is { Count: > 0 } lines
            ? $"It said:\n  {string.Join("\n  ", lines)}"
            : "It said nothing; try its command by hand.");

    private static async Task<bool> IsReadyAsync(Member member, CancellationToken cancel)
    {
        // Others have no path to ask: they are ready when their sidecar says so.
        if (member.Entry.AppProtocol != "http")
            return true;
        try
        {
            using var answer = await Http.GetAsync($"http://127.0.0.1:{member.AppPort}/readyz", cancel);
            // An application without the endpoint is ready when it listens.
            return answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound;
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            // It does not answer, or not in time.
            return false;
        }
    }
}
