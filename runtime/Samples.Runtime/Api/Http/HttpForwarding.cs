using Microsoft.AspNetCore.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;
using Samples.Runtime.Resources;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Runtime.Api.Http;

/// <summary>Sends an invocation to the first replica that takes it, or to an endpoint outside.</summary>
internal sealed class HttpForwarding(Invocation block, IHttpForwarder forwarder, EndpointClients outside, TimeSpan standstill)
{
    // The application's own time limits decide; the sidecar only gives up on a connection that says nothing for long.
    private readonly ForwarderRequestConfig _patience = new()
    {
        ActivityTimeout = standstill, Version = System.Net.HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Null where the answer went to the caller; the failure where it is kept. Throws where nobody answered.</summary>
    public async Task<KeptAnswer?> SendAsync(HttpContext http, InvocationTarget target, bool keepFailure, CancellationToken cancel)
    {
        if (block.External(target.App) is { } endpoint)
        {
            var outward = new ToEndpoint(endpoint, target, keepFailure);
            return Ended(
                http, target,
                await forwarder.SendAsync(http, endpoint.BaseUrl.AbsoluteUri, outside.For(endpoint), _patience, outward, cancel), cancel)
                ? outward.Kept
                : throw Unreachable(http, target);
        }

        foreach (var replica in block.Replicas(target.App))
        {
            var asked = target;
            if (block.Guards(replica))
            {
                // With a list to enforce, the application gets the very path that was checked.
                var canonical = target.Canonical;
                block.Authorize(replica, target.App, canonical, http.Request.Method);
                asked = target with { Path = new PathString(canonical).ToUriComponent() };
            }

            using var place = await replica.EnterAsync(cancel);
            if (replica.Grpc is not null)
            {
                await AskGrpcAsync(http, asked, replica, cancel);
                return null;
            }

            var inward = new ToApp(block.AppId, replica, asked, keepFailure);
            var error = await forwarder.SendAsync(http, replica.BaseAddress!.AbsoluteUri, replica.Client, _patience, inward, cancel);
            if (Ended(http, target, error, cancel))
                return inward.Kept;
            // Nothing was sent: another replica may have it.
            replica.ReportLost();
            http.Response.Clear();
        }

        throw Invocation.Undelivered(target.App);
    }

    // True: the answer is out (or nobody wants it). False: nobody took the connection. An exception for the rest.
    private static bool Ended(HttpContext http, InvocationTarget target, ForwarderError error, CancellationToken cancel)
    {
        if (error == ForwarderError.None || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
            return true;
        cancel.ThrowIfCancellationRequested();
        var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (error == ForwarderError.Request && failure is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
            return false;
        if (Refused(failure) is { } refused)
        {
            http.Response.Clear();
            throw refused;
        }

        throw Invocation.Failed(target.App, $"the application broke the connection: {failure?.Message ?? error.ToString()}");
    }

    // The caller's body was wrong or too long, which shows only while it is being passed on.
    private static BadHttpRequestException? Refused(Exception? failure) => failure switch
    {
        null => null,
        BadHttpRequestException refused => refused,
        AggregateException several => several.InnerExceptions.Select(Refused).FirstOrDefault(r => r is not null),
        _ => Refused(failure.InnerException),
    };

    private static ApiException Unreachable(HttpContext http, InvocationTarget target) =>
        Invocation.Failed(target.App, http.Features.Get<IForwarderErrorFeature>()?.Exception?.Message ?? "the endpoint cannot be reached");

    private async Task AskGrpcAsync(HttpContext http, InvocationTarget target, AppChannel replica, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(http.Request.Method), replica.BaseAddress!.GetLeftPart(UriPartial.Authority) + target.Path + target.Query);
        foreach (var (name, values) in http.Request.Headers.Where(h => !RequestHeaders.IsOfConnection(h.Key)))
            request.Headers.TryAddWithoutValidation(name, values.ToArray());
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancel);
        request.Content = new ByteArrayContent(body.ToArray());
        request.Content.Headers.TryAddWithoutValidation("content-type", http.Request.ContentType);
        RequestHeaders.Name(request.Headers, block.AppId, target.App);
        replica.AddToken(request);
        TraceContext.AddTo(request.Headers);
        using var response = await replica.Grpc!.SendAsync(request, cancel);
        http.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers)
            http.Response.Headers[name] = values.ToArray();
        http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await response.Content.CopyToAsync(http.Response.Body, cancel);
    }
}
