using Grpc.Core;
using Samples.Runtime.Apps;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Service invocation: who is meant, who may call, and in which words it fails.</summary>
/// <param name="context">The caller's.</param>
/// <param name="names">Who is meant by an id.</param>
/// <param name="isChecked">True where the caller's own sidecar has applied access control already.</param>
internal sealed class Invocation(SidecarContext context, NameTable names, bool isChecked = false)
{
    /// <summary>The caller.</summary>
    public string AppId => context.AppId;

    /// <summary>What governs calls of this application's method, or of an endpoint; null where nothing does.</summary>
    public Policy? Policy(string app, string method) =>
        context.Policies.App(app, context.Resources.HttpEndpoints.Any(e => e.Name == app) ? "" : method);

    /// <summary>The endpoint outside of Dapr that the name or the URL means; null where it is an application.</summary>
    public HttpEndpoint? External(string app)
    {
        if (context.Resources.HttpEndpoints.FirstOrDefault(e => e.Name == app) is { } endpoint)
            return endpoint;
        return app.Contains("://", StringComparison.Ordinal)
            && Uri.TryCreate(app, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https"
            ? new HttpEndpoint(app, url, new Dictionary<string, string>(), [])
            : null;
    }

    /// <summary>The replicas to try in turn; each has a port, and those that are known to be ill come last.</summary>
    public IReadOnlyList<AppChannel> Replicas(string app)
    {
        var replicas = names.Resolve(app);
        if (replicas.Count == 0)
            throw Failed(app, "no host found with the given ID");
        if (replicas[0].BaseAddress is null)
            throw Failed(app, "cannot invoke local endpoint: app channel not initialized");
        if (replicas[0].IsUnhealthy)
            throw Failed(app, "app is not in a healthy state");
        return replicas;
    }

    /// <summary>True where calls of the replica are to be checked, and their paths read as the application will read them.</summary>
    public bool Guards(AppChannel callee) => callee.Access is not null && !isChecked;

    /// <summary>
    /// Throws 403 where the callee's access control list denies the call. An application may always call itself. daprd knows callers by
    /// their certificates, and without mTLS applies the default action to all; here the runtime itself vouches for who calls.
    /// </summary>
    public void Authorize(AppChannel callee, string app, string path, string? verb)
    {
        if (isChecked || callee.Access is not { } access || NameTable.IsSame(app, AppId) || access.Permits(AppId, path, verb))
            return;
        throw new ApiException(403, "ERR_DIRECT_INVOKE", StatusCode.PermissionDenied,
            $"failed to invoke, id: {app}, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: "
            + $"spiffe://public/ns/{context.Namespace}/{AppId} operation: {path.TrimStart('/')} verb: {verb ?? "NONE"}");
    }

    /// <summary>The error of an invocation that could not be made.</summary>
    public static ApiException Failed(string app, string why) =>
        new(500, "ERR_DIRECT_INVOKE", StatusCode.Internal, $"failed to invoke, id: {app}, err: {why}");

    /// <summary>The error where no replica took the connection.</summary>
    public static ApiException Undelivered(string app) => new(500, "ERR_DIRECT_INVOKE", StatusCode.Internal,
        $"failed to invoke, id: {app}, err: the application does not answer on its port")
    { IsUndelivered = true };

    /// <summary>The error for what a policy gave up on; null where the exception is none of that kind.</summary>
    public static ApiException? GivenUp(string app, Exception error) => Failure.Explain(error) is { } why ? Failed(app, why) : null;
}
