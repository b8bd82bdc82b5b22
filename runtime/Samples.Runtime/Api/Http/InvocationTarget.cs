using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Samples.Runtime.Api.Http;

/// <summary>What a request invokes: an application (or endpoint) and a path with its query.</summary>
/// <param name="App">App id, HTTPEndpoint name or URL.</param>
/// <param name="Path">As the caller wrote it, escapes included, but without dot segments; begins with a slash.</param>
/// <param name="Query">With its question mark; empty without one.</param>
internal sealed record InvocationTarget(string App, string Path, string Query)
{
    private const string Prefix = "/v1.0/invoke/";
    private const string Method = "/method/";

    /// <summary>
    /// The path as the called application will understand it: decoded, without dot segments. Access control looks at this one, so that
    /// <c>%2e%2e%2f</c> opens nothing.
    /// </summary>
    public string Canonical => Clean(Uri.UnescapeDataString(Path));

    /// <summary>
    /// Reads <c>/v1.0/invoke/{app}/method/{path}</c>, or the plain path with the header <c>dapr-app-id</c> (or basic authentication with
    /// that user); null where the request invokes nothing. The raw target counts: routing would decode what must pass unchanged.
    /// </summary>
    public static InvocationTarget? Read(HttpContext http)
    {
        var raw = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (raw.Length == 0 || raw[0] != '/')
            return null;
        var mark = raw.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (raw, "") : (raw[..mark], raw[mark..]);
        if (path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            var end = path.IndexOf(Method, Prefix.Length, StringComparison.Ordinal);
            return end > Prefix.Length
                ? new(Uri.UnescapeDataString(path[Prefix.Length..end]), Clean(path[(end + Method.Length - 1)..]), query)
                : null;
        }

        return FromHeaders(http) is { Length: > 0 } app && !IsOwnApi(path) ? new(app, Clean(path), query) : null;
    }

    // The sidecar's own API stays reachable for a client that always sends the header, as the SDK's invocation client does.
    private static bool IsOwnApi(string path) =>
        path.StartsWith("/v1.0", StringComparison.Ordinal) && path.Length > 5 && path[5] is '/' or '-';

    private static string? FromHeaders(HttpContext http)
    {
        if (http.Request.Headers["dapr-app-id"].ToString() is { Length: > 0 } named)
            return named;
        var authorization = http.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith("Basic ", StringComparison.Ordinal))
            return null;
        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization["Basic ".Length..], bytes, out var length))
            return null;
        return Encoding.UTF8.GetString(bytes, 0, length).Split(':') is [var user, var app]
            && user.Equals("dapr-app-id", StringComparison.OrdinalIgnoreCase)
            ? app
            : null;
    }

    /// <summary>Resolves dot segments, written plainly or escaped; nothing leads above the root.</summary>
    private static string Clean(string path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal) && !path.Contains("%2e", StringComparison.OrdinalIgnoreCase))
            return path;
        var segments = new List<string>();
        foreach (var segment in path[1..].Split('/'))
        {
            switch (segment.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase))
            {
                case ".":
                    break;
                case "..":
                    if (segments.Count > 0)
                        segments.RemoveAt(segments.Count - 1);
                    break;
                default:
                    segments.Add(segment);
                    break;
            }
        }

        return "/" + string.Join('/', segments);
    }
}
