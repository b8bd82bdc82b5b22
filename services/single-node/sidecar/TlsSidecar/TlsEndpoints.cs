using Microsoft.AspNetCore.Hosting.Server;

namespace Samples.TlsSidecar;

/// <summary>What the sidecar says of itself, on its own port.</summary>
public static class TlsEndpoints
{
    /// <summary>Maps it.</summary>
    public static void MapTls(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/tls", (CertificateFiles files, IServer server) => TypedResults.Ok(new TlsState(
                TlsListener.PortOf(server), files.Current.Leaf.SerialNumber, files.Current.Leaf.NotAfter.ToUniversalTime(), files.Replaced,
                files.Refused)))
            .WithSummary("Where the site is, which certificate serves, and why a newer one on disk does not.");
}
