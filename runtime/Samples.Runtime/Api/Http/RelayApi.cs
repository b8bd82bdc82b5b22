using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Apps;
using Samples.Runtime.Apps.Members;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Runtime.Api.Http;

/// <summary>
/// What a sidecar takes from the sidecars of other processes: calls of its application, HTTP and gRPC, and of its actors. Policies and
/// access control are the caller's sidecar's; concurrency limit and app token are this one's.
/// </summary>
internal sealed class RelayApi : IDisposable
{
    private const string CallerHeader = "dapr-caller-app-id";

    private readonly SidecarContext _context;
    private readonly NameTable _own = new();
    private readonly byte[] _key;
    private readonly TimeSpan _standstill;
    private readonly EndpointClients _outside = new();

    /// <param name="context">This sidecar's.</param>
    /// <param name="app">The way to its application.</param>
    /// <param name="key">What callers prove themselves with.</param>
    /// <param name="standstill">How long an invocation may stand still.</param>
    public RelayApi(SidecarContext context, AppChannel app, string key, TimeSpan standstill)
    {
        _context = context with { Policies = Policies.None };
        _key = Encoding.UTF8.GetBytes(key);
        _standstill = standstill;
        _own.Add(context.AppId, app);
    }

    /// <summary>Takes everything that comes in on the port.</summary>
    public void Use(WebApplication host, Func<int> port)
    {
        var forwarder = host.Services.GetRequiredService<IHttpForwarder>();
        host.MapWhen(http => http.Connection.LocalPort == port(), relay =>
        {
            relay.UseMiddleware<ErrorMiddleware>(long.MaxValue);
            relay.Run(http => TakeAsync(http, forwarder));
        });
    }

    private async Task TakeAsync(HttpContext http, IHttpForwarder forwarder)
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(http.Request.Headers[Relay.KeyHeader].ToString()), _key))
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        http.Request.Headers.Remove(Relay.KeyHeader);
        // A body that is still being made comes when it comes.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        // How large it may be, the caller's sidecar has decided.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        if (http.Request.Path.Value!.StartsWith(ActorRelay.Prefix, StringComparison.Ordinal))
            await CallActorAsync(http);
        else
            await InvokeAsync(http, forwarder);
    }

    private async Task InvokeAsync(HttpContext http, IHttpForwarder forwarder)
    {
        var caller = http.Request.Headers[CallerHeader].ToString();
        var block = new Invocation(_context with { AppId = caller.Length > 0 ? caller : _context.AppId }, _own, isChecked: true);
        try
        {
            if (GrpcProxy.Concerns(http))
            {
                await new GrpcProxy(block, forwarder).ForwardToAsync(http, _context.AppId);
                return;
            }

            var raw = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
            var mark = raw.IndexOf('?', StringComparison.Ordinal);
            var target = new InvocationTarget(_context.AppId, mark < 0 ? raw : raw[..mark], mark < 0 ? "" : raw[mark..]);
            await new HttpForwarding(block, forwarder, _outside, _standstill)
                .SendAsync(http, target, keepFailure: false, http.RequestAborted);
        }
        catch (ApiException error) when (error.IsUndelivered && !http.Response.HasStarted)
        {
            http.Response.Clear();
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers[Relay.UndeliveredHeader] = "true";
        }
        catch (ApiException error) when (GrpcProxy.Concerns(http) && !http.Response.HasStarted)
        {
            GrpcProxy.Refuse(http, error.GrpcStatus, error.Message);
        }
    }

    private async Task CallActorAsync(HttpContext http)
    {
        var raw = http.Features.Get<IHttpRequestFeature>()!.RawTarget[ActorRelay.Prefix.Length..].Split('/').Select(Uri.UnescapeDataString);
        if (raw.ToArray() is not [var type, var id, var path])
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var headers = http.Request.Headers.Where(h => h.Key.StartsWith(ActorRelay.Carried, StringComparison.OrdinalIgnoreCase))
            .Select(h => KeyValuePair.Create(h.Key[ActorRelay.Carried.Length..], h.Value.ToString()));
        var request = new ActorRequest(path, body.ToArray(), [.. headers]);
        var patient = http.Request.Headers.ContainsKey(ActorRelay.PatientHeader);
        var (outcome, answer, why) = await CallAsync(new ActorId(type, id), request, patient, http.RequestAborted);
        http.Response.Headers[ActorRelay.OutcomeHeader] = outcome;
        if (answer is not null)
        {
            http.Response.Headers[ActorRelay.StatusHeader] = ((int)answer.Status).ToString(CultureInfo.InvariantCulture);
            foreach (var (name, value) in answer.Headers)
                http.Response.Headers.Append(ActorRelay.Carried + name.ToLowerInvariant(), value);
        }

        await http.Response.Body.WriteAsync(answer?.Body ?? Encoding.UTF8.GetBytes(why), http.RequestAborted);
    }

    private async Task<(string Outcome, ActorResponse? Answer, string Why)> CallAsync(
        ActorId id, ActorRequest request, bool patient, CancellationToken cancel)
    {
        try
        {
            return await _context.Actors.Router.CallHereAsync(id, request, patient, cancel) is { } answer
                ? (ActorRelay.Answered, answer, "")
                : (ActorRelay.Moved, null, "");
        }
        catch (NoHostException error)
        {
            return (ActorRelay.NoHost, null, error.Message);
        }
        catch (ActorStalledException error)
        {
            return (ActorRelay.Stalled, null, error.Message);
        }
        catch (StackDepthException error)
        {
            return (ActorRelay.TooDeep, null, error.Message);
        }
        catch (ActorLostException error)
        {
            return (ActorRelay.Lost, null, error.Message);
        }
    }

    public void Dispose() => _outside.Dispose();
}
