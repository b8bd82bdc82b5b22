using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Samples.ShardAmbassador.Clients;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador;

/// <summary>One server as the ambassador sees it.</summary>
internal sealed record ShardView(string Name, int Weight, bool Ejected, long Answered, long Failed);

/// <summary>The ambassador as a whole.</summary>
internal sealed record AmbassadorView(int RespPort, string Distribution, int Clients, IEnumerable<ShardView> Shards);

/// <summary>Looks into the ambassador; applications don't need it.</summary>
internal static class ShardEndpoints
{
    private const int MostKeys = 100_000;

    /// <summary>Maps what can be asked.</summary>
    public static void MapShards(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/shards", (ShardPool pool, RespListener listener) => TypedResults.Ok(new AmbassadorView(
            listener.Port, pool.Distribution, listener.Connected,
            pool.Shards.Select(s => new ShardView(s.Server.Name, s.Server.Weight, s.Ejection.IsEjected, s.Answered, s.Failed)))));

        // Keys stand in the body: a key may be any text, and a path may not.
        routes.MapPost("/shards/locate", Results<Ok<IEnumerable<string?>>, ValidationProblem> (string[]? keys, ShardPool pool) =>
            keys is { Length: <= MostKeys } && keys.All(k => k is not null)
                ? TypedResults.Ok(keys.Select(k => pool.Find(Encoding.UTF8.GetBytes(k))?.Server.Name))
                : TypedResults.ValidationProblem(
                    new Dictionary<string, string[]> { ["keys"] = [$"Give a JSON array of at most {MostKeys} texts."] }));
    }
}
