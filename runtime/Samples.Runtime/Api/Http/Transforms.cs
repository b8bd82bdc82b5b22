using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.Resources;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Runtime.Api.Http;

/// <summary>Headers that a sidecar adds and takes away.</summary>
internal static class RequestHeaders
{
    // What belongs to the caller's connection, or opens the caller's sidecar, is not for the application.
    private static readonly string[] OfConnection =
        [
            "host",
            "te",
            "connection",
            "keep-alive",
            "transfer-encoding",
            "upgrade",
            "content-type",
            "content-length",
            "dapr-api-token",
            "dapr-app-id"
        ];

    public static bool IsOfConnection(string name) =>
        OfConnection.Contains(name, StringComparer.OrdinalIgnoreCase) || name.StartsWith(':');

    /// <summary>Names caller and callee; a caller cannot claim to be somebody else.</summary>
    public static void Name(HttpRequestHeaders headers, string caller, string callee)
    {
        headers.Remove("dapr-caller-app-id");
        headers.Remove("dapr-callee-app-id");
        headers.Remove("dapr-caller-namespace");
        if (NameTable.IsSame(caller, callee))
            return;
        headers.TryAddWithoutValidation("dapr-caller-app-id", caller);
        headers.TryAddWithoutValidation("dapr-callee-app-id", callee);
        headers.TryAddWithoutValidation("dapr-caller-namespace", "default");
    }
}

/// <summary>Passes a request on as it came and keeps a failure back where another try may follow.</summary>
internal abstract class Transform(bool keepFailure) : HttpTransformer
{
    private static readonly string[] NotKept = ["transfer-encoding", "connection", "content-length", "keep-alive"];

    /// <summary>The failure that was kept back.</summary>
    public KeptAnswer? Kept { get; private set; }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext http, HttpResponseMessage? response, CancellationToken cancel)
    {
        // Dapr's policies take 200 to 399 for success.
        if (keepFailure && response is not null && (int)response.StatusCode is < 200 or > 399)
        {
            Kept = new KeptAnswer((int)response.StatusCode,
                [
                    .. response.Headers
                        .Concat(response.Content.Headers)
                        .Where(h => !NotKept.Contains(h.Key.ToLowerInvariant()))
                        .Select(h => KeyValuePair.Create(h.Key, h.Value.ToArray()))
                ],
                await response.Content.ReadAsByteArrayAsync(cancel));
            return false;
        }

        return await base.TransformResponseAsync(http, response, cancel);
    }

    protected static Uri Address(string authority, string pathAndQuery) =>
        new(authority + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}

/// <summary>To an application: names caller and callee, and swaps the sidecar's token for the application's.</summary>
internal sealed class ToApp(string caller, AppChannel channel, InvocationTarget target, bool keepFailure) : Transform(keepFailure)
{
    public override async ValueTask TransformRequestAsync(
        HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancel)
    {
        await base.TransformRequestAsync(http, request, destinationPrefix, cancel);
        request.RequestUri = Address(channel.Authority!, target.Path + target.Query);
        request.Headers.Host = null;
        request.Headers.Remove("dapr-app-id");
        RequestHeaders.Name(request.Headers, caller, target.App);
        channel.AddToken(request);
        TraceContext.AddTo(request.Headers);
    }
}

/// <summary>To an endpoint outside: with the headers of its resource, without anything of Dapr's.</summary>
internal sealed class ToEndpoint(HttpEndpoint endpoint, InvocationTarget target, bool keepFailure) : Transform(keepFailure)
{
    public override async ValueTask TransformRequestAsync(
        HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancel)
    {
        await base.TransformRequestAsync(http, request, destinationPrefix, cancel);
        request.RequestUri = Address(endpoint.BaseUrl.GetLeftPart(UriPartial.Path).TrimEnd('/'), target.Path + target.Query);
        request.Headers.Host = null;
        string[] owned = ["dapr-app-id", "dapr-api-token", "dapr-caller-app-id", "dapr-callee-app-id", "dapr-caller-namespace"];
        foreach (var own in owned)
            request.Headers.Remove(own);
        foreach (var (name, value) in endpoint.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        TraceContext.AddTo(request.Headers);
    }
}
