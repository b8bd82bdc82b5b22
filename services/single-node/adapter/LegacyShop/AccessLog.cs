using System.Globalization;
using System.Text;

namespace Samples.LegacyShop;

/// <summary>An access log in Common Log Format (https://httpd.apache.org/docs/current/logs.html#common), a line a request.</summary>
internal sealed class AccessLog(string path) : IDisposable
{
    private readonly StreamWriter _file = new(Open(path), new UTF8Encoding(false)) { AutoFlush = true };
    private readonly Lock _turn = new();

    public void Write(HttpContext http)
    {
        var time = DateTimeOffset.Now;
        var zone = time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "");
        var (asked, answered) = (http.Request, http.Response);
        var request = Escape($"{asked.Method} {asked.Path}{asked.QueryString} {asked.Protocol}");
        var length = answered.ContentLength?.ToString(CultureInfo.InvariantCulture) ?? "-";
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{http.Connection.RemoteIpAddress} - - [{time:dd/MMM/yyyy:HH:mm:ss} {zone}] \"{request}\" {answered.StatusCode} {length}\n");
        lock (_turn)
            _file.Write(line);
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    private static string Escape(string text) =>
        string.Concat(text.Select(c => c is '"' or '\\' ? $"\\{c}" : char.IsControl(c) ? $"\\x{(int)c:x2}" : $"{c}"));

    public void Dispose() => _file.Dispose();
}
