using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Samples.ShardRouter.Keys;

namespace Samples.ShardRouter.Ring;

/// <summary>A shard as a router sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Replicas">Who answers for it.</param>
/// <param name="Avoided">Those of them that failed a moment ago.</param>
/// <param name="Share">Of all keys.</param>
/// <param name="Load">Recent requests.</param>
/// <param name="Requests">Requests since this router knows it.</param>
/// <param name="Bypassed">Those of them that the origin answered.</param>
public sealed record ShardView(
    string Name, IReadOnlyList<string> Replicas, IReadOnlyList<string> Avoided, double Share, double Load, long Requests, long Bypassed);

/// <summary>The ring as a router sees it.</summary>
/// <param name="Router">Who says so.</param>
/// <param name="Shards">The shards.</param>
/// <param name="Points">Virtual nodes of each.</param>
/// <param name="Bound">Of the load; null where there is none.</param>
/// <param name="Before">The shards of the ring before.</param>
/// <param name="HotKeys">Keys that lie on more than one shard.</param>
public sealed record RingView(
    string Router, IReadOnlyList<ShardView> Shards, int Points, double? Bound, IReadOnlyList<string> Before, IReadOnlyList<HotKey> HotKeys);

/// <summary>Looking at the ring.</summary>
public static class RingEndpoints
{
    private const int MostTargets = 50_000;

    /// <summary>Maps <c>GET /ring</c>, and <c>POST /ring/owners</c>: who owns the keys of these requests.</summary>
    public static void MapRing(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ring", (ShardMap map, HotKeys hot, RouterOptions options) =>
        {
            var now = map.Now;
            var (shares, loads) = (now.Ring.Shares(), now.Loads.Loads);
            return TypedResults.Ok(new RingView(
                options.Replica,
                [
                    .. now.Ring.Members.Select(name => now.Shards[name]).Select(s => new ShardView(
                        s.Name, s.Entry.Replicas, s.Avoided, shares[s.Name], Math.Round(loads[s.Name], 1), s.Requests, s.Bypassed))
                ],
                now.Settings.Points,
                double.IsInfinity(now.Settings.Bound) ? null : now.Settings.Bound,
                now.Before?.Ring.Members ?? [],
                hot.All(now.Shards.Count)));
        });
        routes.MapPost("/ring/owners", Results<Ok<string[]>, ValidationProblem> (string?[] targets, ShardMap map, RequestKey keys) =>
        {
            if (targets.Length > MostTargets || Array.Exists(targets, t => t is not ['/', ..]))
                return TypedResults.ValidationProblem(new Dictionary<string, string[]>
                {
                    ["body"] = [$"Give at most {MostTargets} paths, each with its query and a '/' at its beginning."],
                });
            var ring = map.Now.Ring;
            return TypedResults.Ok(Array.ConvertAll(targets, target => ring.Owner(KeyOf(target!, keys))));
        });
    }

    private static string KeyOf(string target, RequestKey keys)
    {
        var query = target.IndexOf('?');
        return query < 0
            ? keys.Of(PathString.FromUriComponent(target), new QueryCollection())
            : keys.Of(PathString.FromUriComponent(target[..query]), new QueryCollection(QueryHelpers.ParseQuery(target[query..])));
    }
}
