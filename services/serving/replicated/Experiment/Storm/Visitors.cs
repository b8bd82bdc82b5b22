using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.Replicated.Storm;

/// <summary>
/// Clients that ask the front door all the time: for words that many ask for and for words that nobody asked for yet, for completions, and
/// for something that is each client's own. Every answer is checked.
/// </summary>
internal sealed class Visitors(ReplicatedView view, Source source, int seed)
{
    private const int Clients = 8, Popular = 500, PrefixLength = 12, Limit = 5;
    private const double Skew = 1.0;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private readonly List<string> _failed = [], _wrong = [], _ofOthers = [];
    private int _asked, _hits;

    /// <summary>Requests so far.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Those that a cache answered.</summary>
    public int Hits => Volatile.Read(ref _hits);

    /// <summary>Requests without an answer of 200, in words.</summary>
    public IReadOnlyList<string> Failed => _failed;

    /// <summary>Answers that say something else than the source.</summary>
    public IReadOnlyList<string> Wrong => _wrong;

    /// <summary>Answers that were made for another client.</summary>
    public IReadOnlyList<string> OfOthers => _ofOthers;

    /// <summary>Asks until the end; what is under way then is waited for.</summary>
    public Task RunAsync(Func<bool> ended, CancellationToken cancel) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => VisitAsync(i, new Random(seed + i), ended, cancel), cancel)));

    private async Task VisitAsync(int client, Random random, Func<bool> ended, CancellationToken cancel)
    {
        // The same words for all clients: what one asks for is what another may get.
        var popular = new Random(seed).GetItems([.. source.Words], Popular);
        var zipf = new Zipf(Popular, Skew, random);
        for (var number = 0; !ended(); number++)
        {
            await (random.Next(10) switch
            {
                < 5 => DefineAsync(popular[zipf.Next()], random, cancel),
                < 7 => DefineAsync(view.AnyWord(random), random, cancel),
                < 8 => CompleteAsync(view.AnyWord(random), random, cancel),
                _ => WhoAmIAsync($"client-{client}-{number}", random, cancel),
            });
            await Task.Delay(Pause, cancel);
        }
    }

    private Task DefineAsync(string word, Random random, CancellationToken cancel) =>
        AskAsync<Definition>(ReplicatedView.Define(word), null, random, _wrong, answer => source.Says(word, answer), cancel);

    private Task CompleteAsync(string word, Random random, CancellationToken cancel)
    {
        var prefix = word[..Math.Min(PrefixLength, word.Length)];
        return AskAsync<Completions>(
            $"/complete?prefix={Uri.EscapeDataString(prefix)}&limit={Limit}", null, random, _wrong,
            answer => source.Says(prefix, Limit, answer), cancel);
    }

    private Task WhoAmIAsync(string name, Random random, CancellationToken cancel) =>
        AskAsync<Client>("/whoami", name, random, _ofOthers, answer => answer.Name == name, cancel);

    private async Task AskAsync<T>(
        string path, string? client, Random random, List<string> otherwise, Func<T, bool> isRight, CancellationToken cancel)
    {
        Interlocked.Increment(ref _asked);
        try
        {
            // From an address of its own: this is not about limits.
            using var answer = await view.AskAsync(view.Door, path, $"198.18.{random.Next(256)}.{random.Next(1, 255)}", cancel, client);
            if (!answer.IsSuccessStatusCode)
                Note(_failed, $"{(int)answer.StatusCode} to {path}");
            else if (!isRight((await answer.Content.ReadFromJsonAsync<T>(cancel))!))
                Note(otherwise, path);
            else if (ReplicatedView.IsHit(answer))
                Interlocked.Increment(ref _hits);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or IOException
            || (error is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            Note(_failed, $"{error.GetBaseException().Message} to {path}");
        }
    }

    private void Note(List<string> list, string what)
    {
        lock (_gate)
            list.Add(what);
    }

    private sealed record Client(string Name);
}
