using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

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
        if (status is not (502 or 503 or 504) || http.Features.Get<Attempt>() is not { MayBeGivenUp: true } attempt)
            return false;
        return attempt.IsGivenUp = true;
    }

    /// <summary>The step in YARP's pipeline.</summary>
    public async Task InvokeAsync(HttpContext http)
    {
        var proxy = http.GetReverseProxyFeature();
        var attempt = new Attempt();
        http.Features.Set(attempt);
        // The balancing leaves only its choice in the feature: who else there is has to be kept here.
        var candidates = proxy.AvailableDestinations;
        while (true)
        {
            var mayTryAgain = live.Retries && candidates.Count > 1;
            attempt.MayBeGivenUp = mayTryAgain && IsHarmless(http.Request);
            proxy.AvailableDestinations = candidates;
            await next(http);
            if (!mayTryAgain || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested || !HasFailed(http, attempt))
                return;
            candidates = [.. candidates.Where(d => d != proxy.ProxiedDestination)];
            attempt.IsGivenUp = false;
            http.Response.Clear();
            http.Features.Set<IForwarderErrorFeature>(null);
        }
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
        public bool MayBeGivenUp { get; set; }

        public bool IsGivenUp { get; set; }
    }
}
