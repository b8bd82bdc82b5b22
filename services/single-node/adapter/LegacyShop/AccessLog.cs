using System.Globalization;
using System.Text;

namespace Samples.LegacyShop;

/// <summary>An access log in Common Log Format (https://httpd.apache.org/docs/current/logs.html#common), a line a request.</summary>
internal sealed class AccessLog(string path) : IDisposable
{
    private readonly StreamWriter _file = new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete), new UTF8Encoding(false)) { AutoFlush = true };
    private readonly Lock _turn = new();

    public void Write(HttpContext http)
    {
        var time = DateTimeOffset.Now;
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{http.Connection.RemoteIpAddress} - - [{time:dd/MMM/yyyy:HH:mm:ss} {time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "")}] \"{Escape($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString} {http.Request.Protocol}")}\" {http.Response.StatusCode} {http.Response.ContentLength?.ToString(CultureInfo.InvariantCulture) ?? "-"}\n");
        lock (_turn)
            _file.Write(line);
    }

    private static string Escape(string text) => string.Concat(text.Select(c => c is '"' or '\\' ? $"\\{c}" : char.IsControl(c) ? $"\\x{(int)c:x2}" : $"{c}"));

    public void Dispose() => _file.Dispose();
}
