using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Balancing;

/// <summary>
/// A request that failed at one replica is tried at another, as long as the client has seen nothing of an answer and a second try can do no
/// harm: the method is idempotent and has no body, or nothing was sent at all. A replica that says 502, 503 or 504 has done nothing either.
/// </summary>
public sealed class Retrying(RequestDelegate next, LiveSettings live)
{
    /// <summary>Marks an answer that is no use to the client, where there may be a better one; its body is left out then.</summary>
    public static bool GiveUp(HttpContext http, int status)
    {
        if (status is not (502 or 503 or 504) || http.Features.Get<Attempt>() is not { } attempt || !IsHarmless(http.Request))
            return false;
        attempt.Next = Others(http, attempt);
        return attempt.IsGivenUp = attempt.Next.Count > 0;
    }

    /// <summary>The step in YARP's pipeline.</summary>
    public async Task InvokeAsync(HttpContext http)
    {
        SayThatItIsEmpty(http.Request);
        if (!live.Retries)
        {
            await next(http);
            return;
        }

        var proxy = http.GetReverseProxyFeature();
        var attempt = new Attempt();
        http.Features.Set(attempt);
        while (true)
        {
            await next(http);
            if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested || !HasFailed(http, attempt))
                return;
            var others = attempt.IsGivenUp ? attempt.Next : Others(http, attempt);
            if (others.Count == 0)
                return;
            attempt.Tried.Add(proxy.ProxiedDestination);
            attempt.IsGivenUp = false;
            http.Response.Clear();
            http.Features.Set<IForwarderErrorFeature>(null);
            proxy.AvailableDestinations = others;
        }
    }

    // HttpClient itself sends a request without any content again where a connection that it had kept ended under it, whatever the method;
    // one with a content that it has begun to send, be it of no bytes, it does not.
    private static void SayThatItIsEmpty(HttpRequest request)
    {
        if (!IsIdempotent(request.Method)
            && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            request.ContentLength ??= 0;
    }

    // Who is there now, not who was there when the request came: it may have waited long enough for one to come back, and for the only one
    // of then to die.
    private static IReadOnlyList<DestinationState> Others(HttpContext http, Attempt attempt)
    {
        var proxy = http.GetReverseProxyFeature();
        return [.. proxy.Route.Cluster!.DestinationsState.AvailableDestinations
            .Where(d => d != proxy.ProxiedDestination && !attempt.Tried.Contains(d))];
    }

    private static bool HasFailed(HttpContext http, Attempt attempt)
    {
        if (attempt.IsGivenUp)
            return true;
        var error = http.Features.Get<IForwarderErrorFeature>();
        return error?.Error is ForwarderError.Request or ForwarderError.RequestTimedOut
            && (IsHarmless(http.Request) || WasNothingSent(error.Exception));
    }

    private static bool IsHarmless(HttpRequest request) =>
        IsIdempotent(request.Method)
        && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true };

    private static bool IsIdempotent(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method)
        || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method);

    private static bool WasNothingSent(Exception? error) =>
        error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    private sealed class Attempt
    {
        public List<DestinationState?> Tried { get; } = [];

        public IReadOnlyList<DestinationState> Next { get; set; } = [];

        public bool IsGivenUp { get; set; }
    }
}
