using Samples.ShardMemory;
using Samples.ShardRouter.Ring;

namespace Samples.ShardRouter.Routing;

/// <summary>An answer, whose it is, and on which way it came.</summary>
/// <param name="Message">The answer.</param>
/// <param name="Shard">The shard that the request was for.</param>
/// <param name="Redirections">How many others were asked because the key is moving: at most one.</param>
public sealed record Routed(HttpResponseMessage Message, string Shard, int Redirections) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Message.Dispose();
}

/// <summary>
/// One read: the replicas of the shard one after the other until one answers, and the origin where none does. A read can be tried again
/// without harm.
/// </summary>
public sealed class ShardedReads(ShardMap map, Callees callees, RouterOptions options)
{
    /// <summary>What <see cref="AnswerHeaders.Cache"/> says where the origin answered past the shard.</summary>
    public const string Bypass = "BYPASS";

    // The last one may take longer before the origin is bothered.
    private const int MorePatience = 2;

    /// <summary>The answer to a key; null where nobody had one.</summary>
    public async Task<Routed?> ReadAsync(string key, CancellationToken cancel)
    {
        var route = map.Choose(key);
        var replicas = route.Shard.InOrder(all: !route.Settings.Fallback);
        foreach (var (place, replica) in replicas.Index())
        {
            var limit = place < replicas.Count - 1 ? options.ShardTimeout : options.ShardTimeout * MorePatience;
            if (await TryAsync(replica, Question(key, route.From), limit, cancel) is { } answer)
            {
                route.Shard.Answered(replica);
                return new Routed(answer, route.Shard.Name, IsHanded(answer) ? 1 : 0);
            }

            route.Shard.Missed(replica);
        }

        if (!route.Settings.Fallback || await TryAsync(options.Origin, key, options.OriginTimeout, cancel) is not { } direct)
            return null;
        route.Shard.Bypass();
        direct.Headers.Remove(AnswerHeaders.Cache);
        direct.Headers.TryAddWithoutValidation(AnswerHeaders.Cache, Bypass);
        return new Routed(direct, route.Shard.Name, 0);
    }

    private static string Question(string key, string? from) => from is null
        ? $"/answer?target={Uri.EscapeDataString(key)}"
        : $"/answer?target={Uri.EscapeDataString(key)}&from={Uri.EscapeDataString(from)}";

    private static bool IsHanded(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues(AnswerHeaders.Cache, out var how) && how.First() == Found.Handed;

    // Null for whoever does not answer, or says that it cannot: a sidecar does so for one that is dead.
    private async Task<HttpResponseMessage?> TryAsync(string name, string target, TimeSpan limit, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, target);
            var answer = await callees.SendAsync(name, request, limit, cancel);
            if ((int)answer.StatusCode < 500)
                return answer;
            answer.Dispose();
            return null;
        }
        catch (Exception error) when (Callees.IsFailure(error))
        {
            return null;
        }
    }
}
