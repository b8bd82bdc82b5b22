using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Samples.Runtime.Api.Http;

/// <summary>
/// Parameters in a path are unescaped once, as Dapr does. The server unescapes a path but for its slashes (<c>%2F</c>), which would end a
/// parameter, and then nobody can tell them from <c>%252F</c>. Here they pass routing as a character that no text can have, and are
/// slashes again in the parameters.
/// </summary>
internal static class EscapedSlashes
{
    // Half of a pair: UTF-8 never decodes to it.
    private const char Slash = '\ud800';

    /// <summary>Before routing.</summary>
    public static Task HideAsync(HttpContext http, RequestDelegate next)
    {
        var raw = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var path = raw.AsSpan()[..(raw.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? mark : raw.Length)];
        if (path.StartsWith("/") && path.Contains("%2f", StringComparison.OrdinalIgnoreCase))
            http.Request.Path = "/" + string.Join('/', Segments(path.ToString()));
        return next(http);
    }

    /// <summary>After routing.</summary>
    public static Task ShowAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path.Value is { } path && path.Contains(Slash, StringComparison.Ordinal))
        {
            http.Request.Path = path.Replace(Slash, '/');
            foreach (var (name, value) in http.Request.RouteValues.ToList())
            {
                if (value is string text)
                    http.Request.RouteValues[name] = text.Replace(Slash, '/');
            }
        }

        return next(http);
    }

    private static List<string> Segments(string path)
    {
        var segments = new List<string>();
        foreach (var escaped in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var segment = Uri.UnescapeDataString(escaped);
            if (segment == ".." && segments.Count > 0)
                segments.RemoveAt(segments.Count - 1);
            else if (segment is not ("." or ".."))
                segments.Add(segment.Replace('/', Slash));
        }

        return segments;
    }
}
