using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using Samples.Pod;

namespace Samples.LegacySite;

/// <summary>What the site answers: its front page, the version of its configuration, and the files of its root.</summary>
public sealed class Site(PodFiles files)
{
    private static readonly FileExtensionContentTypeProvider Types = new();

    private volatile SiteConfiguration _configuration = new("none", "Hello", TimeSpan.Zero, files.Published);

    /// <summary>The version that is in force.</summary>
    public string Version => _configuration.Version;

    /// <summary>
    /// Reads the configuration file; null, or what is wrong, and then the last good one stays. Each version that is taken is noted.
    /// </summary>
    public string? Load()
    {
        try
        {
            _configuration = SiteConfiguration.Read(files.Configuration, Path.Combine(files.Published, "current"));
            File.AppendAllText(Path.Combine(files.Folder, "site.loaded"), $"{Version}\n");
            return null;
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            File.AppendAllText(Path.Combine(files.Folder, "site.refused"), $"{error.Message}\n");
            return $"{files.Configuration}: {error.Message}";
        }
    }

    /// <summary>Answers, and writes the line.</summary>
    public async Task AnswerAsync(HttpContext http, AccessLog log)
    {
        var configuration = _configuration;
        var response = http.Response;
        var sent = 0L;
        if (configuration.Expires > TimeSpan.Zero)
            response.Headers.CacheControl = $"max-age={configuration.Expires.TotalSeconds:0}";
        if (http.Request.Method is not ("GET" or "HEAD"))
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        else if (http.Request.Path == "/")
            sent = await TextAsync(http, configuration.Greeting + "\n");
        else if (http.Request.Path == "/version")
            sent = await TextAsync(http, configuration.Version + "\n");
        else
            sent = await FileAsync(http, configuration.Root);
        log.Write(
            $"{http.Connection.RemoteIpAddress}", DateTimeOffset.Now, http.Request.Method,
            $"{http.Request.Path.ToUriComponent()}{http.Request.QueryString}",
            http.Request.Protocol, response.StatusCode, sent);
    }

    private static async Task<long> FileAsync(HttpContext http, string root)
    {
        var path = Path.GetFullPath(Path.Combine(root, http.Request.Path.Value!.TrimStart('/')));
        if (!path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !File.Exists(path))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return await TextAsync(http, "Not here.\n");
        }

        var file = new FileInfo(path);
        http.Response.ContentType = Types.TryGetContentType(path, out var type) ? type : "application/octet-stream";
        http.Response.ContentLength = file.Length;
        if (HttpMethods.IsHead(http.Request.Method))
            return 0;
        await http.Response.SendFileAsync(path, http.RequestAborted);
        return file.Length;
    }

    private static async Task<long> TextAsync(HttpContext http, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = "text/plain";
        http.Response.ContentLength = bytes.Length;
        if (HttpMethods.IsHead(http.Request.Method))
            return 0;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
        return bytes.Length;
    }
}
