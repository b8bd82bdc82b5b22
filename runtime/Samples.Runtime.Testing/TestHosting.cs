using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Samples.Runtime.Testing;

/// <summary>Hosting an application beside a sidecar of a test.</summary>
public static class TestHosting
{
    // An application whose handler hangs does not hold up the end of the test.
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Makes a web application the one that <paramref name="app"/>'s sidecar looks for: it listens on the port kept for it, and its
    /// configuration names the sidecar (<c>DAPR_HTTP_ENDPOINT</c>, <c>DAPR_GRPC_ENDPOINT</c> and what else <c>dapr run</c> sets). For a
    /// host of one's own; of a <c>WebApplicationFactory</c> call <c>UseKestrel()</c> and <c>StartServer()</c> too.
    /// </summary>
    public static IWebHostBuilder UseSidecar(this IWebHostBuilder builder, TestApp app)
    {
        foreach (var (name, value) in app.Environment)
            builder.UseSetting(name, value);
        return builder.ConfigureServices(services =>
        {
            services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(
                IPAddress.Loopback, app.AppPort,
                listen => listen.Protocols = app.SpeaksGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
            services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = app.Port.Take);
            services.PostConfigure<HostOptions>(host =>
                host.ShutdownTimeout = host.ShutdownTimeout < ShutdownLimit ? host.ShutdownTimeout : ShutdownLimit);
        });
    }
}
