using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.TlsSidecar;

/// <summary>
/// Passes requests on to the application. Who the client is and how it came, the application learns from the sidecar alone: whatever the
/// client says about that is dropped.
/// </summary>
public sealed class SiteForwarder(IHttpForwarder forwarder, TlsOptions options) : IDisposable
{
    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = TimeSpan.FromSeconds(100), Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static readonly Delivery Delivered = new();

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        // The client's trace headers are passed on as they are.
        ActivityHeadersPropagator = null,
    });

    /// <summary>
    /// Answers with what the application says; 502 where it says nothing, 421 for a name that is not the site's, 400 for what no two
    /// programs would have to read alike.
    /// </summary>
    public async Task AnswerAsync(HttpContext http)
    {
        if (options.StrictTransport is not null)
            http.Response.OnStarting(Promise, (http.Response, options.StrictTransport));
        if (Framing.IsAmbiguous(http.Request))
        {
            http.Response.Headers.Connection = "close";
            await Results.Problem(
                statusCode: StatusCodes.Status400BadRequest,
                type: "ambiguous-request",
                title: "Where this request ends can be read in two ways.",
                detail: "Send either a Content-Length or the transfer coding chunked, once.").ExecuteAsync(http);
            return;
        }

        if (options.Hosts.Count > 0 && !options.Hosts.Contains(http.Request.Host.Host))
        {
            await Results.Problem(
                statusCode: StatusCodes.Status421MisdirectedRequest, type: "other-host", title: "This is not the site that was asked for.")
                .ExecuteAsync(http);
            return;
        }

        if (options.Site.Find() is not { } site)
        {
            await DownAsync(http, "Nobody has told yet where the application listens.");
            return;
        }

        var error = await forwarder.SendAsync(http, site.GetLeftPart(UriPartial.Authority), _client, Config, Delivered);
        if (error != ForwarderError.None && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
            await DownAsync(http, "The application does not answer.");
    }

    private static Task DownAsync(HttpContext http, string why) =>
        Results.Problem(statusCode: StatusCodes.Status502BadGateway, type: "application-down", title: why, detail: "Try again in a moment.")
            .ExecuteAsync(http);

    // RFC 6797: over TLS only, and what the sidecar promises counts.
    private static Task Promise(object state)
    {
        var (response, value) = ((HttpResponse, string))state;
        response.Headers.StrictTransportSecurity = value;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private sealed class Delivery : HttpTransformer
    {
        private static readonly string[] Claimed =
            ["Forwarded", "X-Real-IP", "X-Original-Host", "X-Original-For", "X-Original-Proto", "X-Client-IP", "True-Client-IP"];

        public override async ValueTask TransformRequestAsync(
            HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
        {
            Forget(http.Request.Headers);
            await base.TransformRequestAsync(http, request, destinationPrefix, cancellationToken);
            var headers = request.Headers;
            headers.TryAddWithoutValidation("X-Forwarded-For", Address(http.Connection.RemoteIpAddress));
            headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
            headers.TryAddWithoutValidation("X-Forwarded-Host", http.Request.Host.Value);
        }

        // Few have any of them, and those who have none pay for a look only.
        private static void Forget(IHeaderDictionary headers)
        {
            foreach (var name in Claimed)
                headers.Remove(name);
            List<string>? claimed = null;
            foreach (var (name, _) in headers)
            {
                if (name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase))
                    (claimed ??= []).Add(name);
            }

            claimed?.ForEach(name => headers.Remove(name));
        }

        private static string Address(IPAddress? address) =>
            address is null ? "unknown" : address.IsIPv4MappedToIPv6 ? $"{address.MapToIPv4()}" : $"{address}";
    }
}
