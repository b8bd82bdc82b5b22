using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Replicas;

/// <summary>What a replica says of itself.</summary>
/// <param name="Address">Where it listens, such as <c>http://127.0.0.1:5441</c>.</param>
public sealed record Announcement(string? Address);

/// <summary>A replica as the load balancer sees it.</summary>
public sealed record ReplicaView(string Name, string Address, string Active, string Passive, int UnderWay);

/// <summary>
/// Announcements, and a look at who is there. For replicas, not for clients: where there is an app token, it is asked for.
/// </summary>
public static class ReplicaEndpoints
{
    private const int LongestName = 200;

    /// <summary>Maps them.</summary>
    public static void MapReplicas(this IEndpointRouteBuilder routes)
    {
        var replicas = routes.MapGroup("/replicas").AddEndpointFilter(OnlyWithTokenAsync);
        replicas.MapGet("", (IProxyStateLookup state) => TypedResults.Ok(View(state)));
        replicas.MapPut("/{name}", Results<NoContent, ValidationProblem, ProblemHttpResult> (
            string name, Announcement said, ReplicaSet set, BalancerOptions options) =>
        {
            if (Problem(name, said, options) is { } problem)
                return TypedResults.ValidationProblem(problem);
            return set.Hear(new AnnouncedReplica(name, new Uri(said.Address!)))
                ? TypedResults.NoContent()
                : TypedResults.Problem(
                    statusCode: 409, type: "too-many-replicas", title: "There are too many replicas.", detail: "Dismiss some first.");
        });
        replicas.MapDelete("/{name}", (string name, ReplicaSet set, LiveSettings live) =>
        {
            // A farewell is a word about health, too.
            if (live.Health)
                set.Dismiss(name);
            return TypedResults.NoContent();
        });
    }

    private static List<ReplicaView> View(IProxyStateLookup state) =>
        !state.TryGetCluster(ReplicaRoutes.Cluster, out var cluster) ? [] :
        [
            .. cluster.Destinations.Values.OrderBy(d => d.DestinationId, StringComparer.Ordinal).Select(d => new ReplicaView(
                d.DestinationId, d.Model.Config.Address, Word(d.Health.Active), Word(d.Health.Passive), d.ConcurrentRequestCount)),
        ];

    private static string Word(DestinationHealth health) => health.ToString().ToLowerInvariant();

    // Whoever may announce decides where everybody's requests go.
    private static ValueTask<object?> OnlyWithTokenAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var token = http.RequestServices.GetRequiredService<IConfiguration>()["APP_API_TOKEN"];
        if (string.IsNullOrEmpty(token) || CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(http.Request.Headers["dapr-api-token"].ToString()), Encoding.UTF8.GetBytes(token)))
            return next(context);
        return ValueTask.FromResult<object?>(TypedResults.Problem(
            statusCode: 401, type: "no-token", title: "The request does not come from this service's sidecar.",
            detail: "Announce replicas through Dapr."));
    }

    private static Dictionary<string, string[]>? Problem(string name, Announcement said, BalancerOptions options)
    {
        if (name.Length > LongestName)
            return new() { ["name"] = [$"Give at most {LongestName} characters."] };
        if (!Uri.TryCreate(said.Address, UriKind.Absolute, out var address)
            || address.Scheme != Uri.UriSchemeHttp || address.PathAndQuery != "/" || address.UserInfo.Length > 0
            || !IPAddress.TryParse(address.IdnHost, out var ip))
            return new() { ["address"] = ["Give an address such as http://127.0.0.1:5441: plain HTTP, an IP address, no path."] };
        return options.ReplicaNetworks.Any(network => network.Contains(ip))
            ? null
            : new() { ["address"] = [$"{ip} is in none of REPLICA_NETWORKS ({string.Join(", ", options.ReplicaNetworks)})."] };
    }
}
