using System.Net;
using Samples.Cli.Processes;

namespace Samples.Cli.Activation;

/// <summary>The process of a replica, for its activator.</summary>
internal sealed class MemberProcess(Member member, int port) : IProcess
{
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(10), BetweenStarts = TimeSpan.FromMilliseconds(500);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    public int Id => member.Pid;

    public async Task StartAsync(CancellationToken cancel)
    {
        await member.AskAsync(Wish.Start).WaitAsync(cancel);
        while (!await IsReadyAsync(cancel))
        {
            await Task.Delay(Id == 0 ? BetweenStarts : BetweenQuestions, cancel);
            // One that ended before it was ready.
            if (Id == 0)
                await member.AskAsync(Wish.Start).WaitAsync(cancel);
        }
    }

    public Task StopAsync() => member.AskAsync(Wish.Terminate);

    private async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await Http.GetAsync($"http://127.0.0.1:{port}/readyz", cancel);
            // An application without the endpoint is ready when it listens.
            return answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound;
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }
}
