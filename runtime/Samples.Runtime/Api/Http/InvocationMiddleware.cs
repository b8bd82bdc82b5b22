using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.Api.Http;

/// <summary>Invocation over HTTP under the target's policy. Without one, bodies are streamed both ways and nothing is kept.</summary>
internal sealed class InvocationMiddleware(Invocation block, HttpForwarding forwarding)
{
    private const int KeptInMemory = 64 << 10;

    public Task InvokeAsync(HttpContext http, InvocationTarget target)
    {
        // A body that is still being made comes when it comes.
        if (http.Request.Headers.TransferEncoding.Count > 0 && http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        return block.Policy(target.App, target.Canonical) is { } policy
            ? InvokeAsync(http, target, policy)
            : forwarding.SendAsync(http, target, keepFailure: false, http.RequestAborted);
    }

    private async Task InvokeAsync(HttpContext http, InvocationTarget target, Policy policy)
    {
        // A body of known length can be sent again; one that is still being made cannot, and its call is made once, as in Dapr.
        var again = http.Request.ContentLength is not null || !http.Request.Headers.TransferEncoding.Any(e => e is not null);
        if (policy.Retries && again && http.Request.ContentLength > 0)
            http.Request.EnableBuffering(KeptInMemory);
        KeptAnswer? failure = null;
        try
        {
            await policy.RunAsync(async cancel =>
            {
                failure = null;
                http.Response.Clear();
                if (http.Request.Body.CanSeek)
                    http.Request.Body.Position = 0;
                failure = await forwarding.SendAsync(http, target, keepFailure: true, cancel);
                return failure is null ? true : throw new FailedAnswerException(failure.Status, again: again);
            }, http.RequestAborted);
        }
        catch (FailedAnswerException) when (failure is not null)
        {
            await failure.WriteAsync(http);
        }
        catch (Exception error) when (Invocation.GivenUp(target.App, error) is { } explained && !http.Response.HasStarted)
        {
            throw explained;
        }
    }
}

/// <summary>A failure that an application answered, kept until it is known whether another try follows.</summary>
internal sealed record KeptAnswer(int Status, IReadOnlyList<KeyValuePair<string, string[]>> Headers, byte[] Body)
{
    public Task WriteAsync(HttpContext http)
    {
        http.Response.Clear();
        http.Response.StatusCode = Status;
        foreach (var (name, values) in Headers)
            http.Response.Headers[name] = values;
        http.Response.ContentLength = Body.Length;
        return http.Response.Body.WriteAsync(Body, http.RequestAborted).AsTask();
    }
}
